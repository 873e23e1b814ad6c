"""How browser and server find each other: the setting of ICE servers, and credentials for TURN servers."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from fer_core.errors import FerError
from fer_core.settings import ICE_SERVERS

LASTS_S: Final = 4 * 3600.0
"""After which credentials open no new connection; one that stands goes on."""

_Address = Annotated[str, StringConstraints(strip_whitespace=True, pattern="^(stun|turn)s?:")]


@dataclass(frozen=True)
class TurnCredentials:
    """A user name and password for a TURN server that end by themselves.

    The server shares a secret with the one who makes them and knows no users ("A REST API for access to TURN services",
    draft-uberti-behave-turn-rest-00; coturn's `use-auth-secret`).

    Attributes:
        username: seconds since 1970 at which they end, and for whom they are.
        credential: the password.
        ends_s: the same time as a number.
    """

    username: str
    credential: str = field(repr=False)
    ends_s: float

    @classmethod
    def made(cls, secret: str, who: str, now_s: float, lasts_s: float = LASTS_S) -> Self:
        """Make them.

        >>> TurnCredentials.made("north", "visit", 1000.0, 60.0)
        TurnCredentials(username='1060:visit', ends_s=1060.0)

        Args:
            secret: that the server knows, too.
            who: told to the server, which logs it: a name of the visit, not of a person.
            now_s: seconds since 1970.
            lasts_s: for how long.
        """
        ends_s = now_s + lasts_s
        username = f"{int(ends_s)}:{who}"
        digest = hmac.digest(secret.encode(), username.encode(), hashlib.sha1)
        return cls(username, base64.b64encode(digest).decode(), ends_s)

    def added(self, servers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The servers, with these credentials for each TURN server that has none of its own."""
        mine = {"username": self.username, "credential": self.credential}
        return [server | mine if _is_turn(server) and "username" not in server else server for server in servers]


def _is_turn(server: dict[str, Any]) -> bool:
    return any(url.startswith("turn") for url in urls_of(server))


def urls_of(server: dict[str, Any]) -> list[str]:
    """The addresses of one of the browser's `iceServers`."""
    urls = server["urls"]
    return [urls] if isinstance(urls, str) else urls


class IceServer(BaseModel):
    """One entry of `iceServers`."""

    model_config = ConfigDict(extra="forbid")

    urls: _Address | list[_Address]
    username: str | None = None
    credential: str | None = None


def ice_servers(setting: str) -> list[dict[str, Any]] | None:
    """The browser's `iceServers`, from the setting that says how browser and server find each other.

    Args:
        setting: one of

            - empty or "none": directly. Nothing leaves the machine or its network.
            - "automatic": servers that streamlit-webrtc finds. It asks Cloudflare, Twilio or Hugging Face for TURN
              credentials where their variables are set (CLOUDFLARE_TURN_KEY_ID, TWILIO_ACCOUNT_SID, HF_TOKEN), else
              it uses a public STUN server of Google.
            - addresses with commas between them, such as "stun:stun.example.org:3478", or the JSON list that browsers
              know as `iceServers`, which can hold `username` and `credential`.

    Returns:
        a list of servers; None for automatic.

    Raises:
        FerError: the setting is not understood.
    """
    if setting.lower() in ("", "none"):
        return []
    if setting.lower() == "automatic":
        return None
    try:
        listed = json.loads(setting) if setting.startswith("[") else [{"urls": url} for url in setting.split(",")]
        servers = TypeAdapter(list[IceServer]).validate_python(listed)
    except (ValueError, ValidationError) as error:
        raise FerError(_not_understood()) from error
    return [server.model_dump(exclude_none=True) for server in servers]


def _not_understood() -> str:
    return (
        f"{ICE_SERVERS} is not understood; leave it empty, set it to automatic, or list addresses such as "
        "stun:stun.example.org:3478 with commas between them."
    )
