"""The HTTP service: pictures and recordings in, readings out, for programs that are not Python or not on this machine.

Raises, where it is imported:
    DependencyError: the extra `service` is not installed.
"""

from fer_core.errors import DependencyError, with_extra

try:
    import fastapi
    import python_multipart
    import uvicorn
except ModuleNotFoundError as error:
    raise DependencyError(
        f"The HTTP service needs FastAPI, uvicorn and python-multipart; {with_extra('service')}."
    ) from error

del fastapi, python_multipart, uvicorn
