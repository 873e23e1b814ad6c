"""The HTTP service: pictures and recordings in, readings out, for programs that are not Python or not on this machine.

Raises, where it is imported:
    DependencyError: the extra `service` is not installed.
"""

from fer_core.errors import DependencyError

try:
    import fastapi
    import python_multipart
    import uvicorn
except ModuleNotFoundError as error:
    raise DependencyError(
        "The HTTP service needs FastAPI, uvicorn and python-multipart: pip install 'face-value[service]'."
    ) from error

del fastapi, python_multipart, uvicorn
