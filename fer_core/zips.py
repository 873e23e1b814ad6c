"""What reading a damaged or hostile zip raises."""

import lzma
import zipfile
import zlib
from typing import Final

DAMAGED: Final = (
    *(OSError, EOFError, RuntimeError, NotImplementedError),  # cut short, encrypted, packed in a rare way
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError),
)
"""Errors of `zipfile` and of the decompressors behind it, which it lets through."""
