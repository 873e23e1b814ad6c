"""The commands of `python -m fer_core`, one module a family: `add` describes them, the other functions run them."""

import argparse
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
    """What `add_subparsers` returns: the parser of each command is added to it."""
else:
    Commands = argparse._SubParsersAction
