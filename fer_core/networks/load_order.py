"""The order in which native libraries must be loaded into one process."""

import importlib
import sys
from contextlib import suppress


def before_tensorflow() -> None:
    """Call this before TensorFlow is imported in a process that may show the live page later.

    TensorFlow brings functions of OpenSSL's names; pylibsrtp (of the live page), loaded after it, crashes the process.
    Loaded first, both work; where TensorFlow is already there, it is too late.
    """
    if "tensorflow" not in sys.modules:
        with suppress(ImportError):
            importlib.import_module("pylibsrtp")
