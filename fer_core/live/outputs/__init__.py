"""Where readings of a live session go as they come: WebSocket, OSC, Lab Streaming Layer. All are off unless chosen."""

from typing import Protocol

from fer_core.live.outputs.message import Message


class Output(Protocol):
    """One way out. For one thread.

    Attributes:
        name: for people, with its address.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    def send(self, message: Message) -> None:
        """Pass the readings of one frame on; never waits for whoever listens."""
        ...

    def close(self) -> None:
        """End it."""
        ...
