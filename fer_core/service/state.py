"""What the parts of one running service share."""

import contextlib
import threading
from dataclasses import dataclass, field

from fer_core.service.jobs import Jobs
from fer_core.service.pipelines import Pipelines


@dataclass(frozen=True, eq=False)
class State:
    """One service.

    Attributes:
        pipelines: loaded once each.
        jobs: its recordings.
        closing: set from when the service is asked to end.
        held: closed when it has ended.
    """

    pipelines: Pipelines
    jobs: Jobs
    closing: threading.Event = field(default_factory=threading.Event)
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
