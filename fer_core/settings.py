"""Settings of the machine: every environment variable that the project reads is named and read here.

Environment variables are read each time that `settings()` is called, so a test or a script may set one at any moment.
`fer_core.networks.files.MODELS_DIR` is the exception: that constant is set when the module is imported.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from fer_core.errors import RequestError
from fer_core.validation import words_of

MODELS: Final = "FER_MODELS_DIR"
DATA_SET: Final = "FER2013_PATH"
ICE_SERVERS: Final = "FACE_VALUE_ICE_SERVERS"
LIVE: Final = "FACE_VALUE_LIVE"
UNFINISHED: Final = "FACE_VALUE_UNFINISHED"
CACHE: Final = "XDG_CACHE_HOME"
LIBRARY: Final = "FACE_VALUE_LIBRARY"
DATABASE: Final = "FACE_VALUE_DATABASE"
DATA: Final = "XDG_DATA_HOME"
RAY_ADDRESS: Final = "RAY_ADDRESS"
TURN_SECRET: Final = "FACE_VALUE_TURN_SECRET"
SIGN_IN: Final = "FACE_VALUE_SIGN_IN"
SIGN_IN_UNVERIFIED: Final = "FACE_VALUE_SIGN_IN_UNVERIFIED"
LIBRARY_SHARED: Final = "FACE_VALUE_LIBRARY_SHARED"
API_KEYS: Final = "FACE_VALUE_API_KEYS"
SERVICE: Final = "FACE_VALUE_SERVICE"
SERVICE_BYTES: Final = "FACE_VALUE_SERVICE_BYTES"
SERVICE_PIXELS: Final = "FACE_VALUE_SERVICE_PIXELS"
SERVICE_SECONDS: Final = "FACE_VALUE_SERVICE_SECONDS"
SERVICE_JOBS: Final = "FACE_VALUE_SERVICE_JOBS"
SERVICE_QUEUE: Final = "FACE_VALUE_SERVICE_QUEUE"
SERVICE_HOURS: Final = "FACE_VALUE_SERVICE_HOURS"
SERVICE_LIBRARY: Final = "FACE_VALUE_SERVICE_LIBRARY"

_FOLDERS: Final = (MODELS, UNFINISHED, LIBRARY)


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _none_if_empty(value: Any) -> Any:
    return value or None


def _parted(value: Any) -> Any:
    return [part for part in map(str.strip, value.split(",")) if part] if isinstance(value, str) else value


WEBSOCKET_PORT: Final = 8765
"""Where live sessions listen unless somebody says otherwise."""

OSC_HOST: Final = "127.0.0.1"
OSC_PORT: Final = 9000
"""Where live sessions send Open Sound Control unless somebody says otherwise."""


def _said_yes(value: Any) -> Any:
    """Anything that is not clearly a yes is a no: these settings loosen something."""
    return value.strip().lower() in ("yes", "true", "1", "on") if isinstance(value, str) else value


def _of_ascii(key: str) -> str:
    """A header has one byte a letter, so that another letter of a key would never be the same on both sides."""
    if not (key.isascii() and key.isprintable()):
        raise PydanticCustomError("key", "a key has a letter that is none of printable ASCII; make another key")
    return key


LEAST_KEY: Final = 16
"""Letters of a key of the HTTP service, at least."""


_Text = Annotated[str, BeforeValidator(_stripped)]
_Folder = Annotated[Path | None, BeforeValidator(_none_if_empty)]
_Yes = Annotated[bool, BeforeValidator(_said_yes)]
_Key = Annotated[str, Field(min_length=LEAST_KEY), AfterValidator(_of_ascii)]
_Keys = Annotated[tuple[_Key, ...], BeforeValidator(_parted)]


class _OfEnvironment(BaseModel):
    """Settings that are read from the environment and from nowhere else: no `.env` file, no folder of secrets."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    @classmethod
    def read(cls) -> Self:
        """The settings as the environment has them now.

        Raises:
            ValidationError: one of them makes no sense.
        """
        return cls.model_validate({name: value for name, value in os.environ.items() if cls._counts(value)})

    @staticmethod
    def _counts(_value: str) -> bool:
        return True


class Settings(_OfEnvironment):
    """The settings as they are now; each attribute is one environment variable.

    The text below each attribute is its row of the table of settings in docs/reference.md (`make tables`).
    """

    models_dir: _Folder = Field(default=None, validation_alias=MODELS)
    """Folder of models to use instead of `models`, such as a mounted volume."""

    data_set: _Text = Field(default="", validation_alias=DATA_SET)
    """Zip, folder or `fer2013.csv` whose faces the Models page shows. Where unset, only a person at this machine
    (`server.address` and the address in the browser are `localhost`, no proxy in between) can type the path on that
    page; everyone else sees counts alone. The tests that need FER2013 look here, too."""

    ice_servers: _Text = Field(default="", validation_alias=ICE_SERVERS, repr=False)
    """How the browser's camera and the server connect: unset or `none`, `automatic`, or a list of servers; see
    [Live](../README.md#live)."""

    live: _Text = Field(default="", validation_alias=LIVE)
    """Connections with other programs that the Live page offers to every visitor, with commas between them:
    `websocket=PORT`, `osc=HOST:PORT`, `lsl` (Lab Streaming Layer), `markers` (in from there); or `none`. Where unset,
    only a person at this machine is offered them, at their usual addresses. They are off until somebody switches them
    on in the page's settings; see [live.md](live.md)."""

    unfinished_dir: _Folder = Field(default=None, validation_alias=UNFINISHED)
    """Folder where interrupted analyses of the Video page wait to be continued; empty: none are kept. Default:
    `face-value/unfinished` in the user's cache."""

    cache_dir: _Folder = Field(default=None, validation_alias=CACHE)
    """The user's cache, as the XDG base directory specification names it. Default: `~/.cache`."""

    library_dir: _Folder = Field(default=None, validation_alias=LIBRARY)
    """Folder of the library of kept analyses; see [library.md](library.md). Where it or the database is
    named, every visitor of the dashboard uses that library; where not, only a person at this machine. Default:
    `face-value/library` in the user's data folder."""

    database: _Text = Field(default="", validation_alias=DATABASE, repr=False)
    """The library's catalogue: path of an SQLite file, or a URL such as `postgresql://user@host/name`. Default:
    `catalogue.sqlite3` in the library's folder."""

    data_dir: _Folder = Field(default=None, validation_alias=DATA)
    """The user's data folder, as the XDG base directory specification names it. Default: `~/.local/share`."""

    ray_address: _Text = Field(default="", validation_alias=RAY_ADDRESS)
    """Cluster of Ray that `batch --backend ray` uses, such as `head:6379`. Default: one that is started on this
    machine, and ended with the batch."""

    turn_secret: _Text = Field(default="", validation_alias=TURN_SECRET, repr=False)
    """Secret shared with coturn (`static-auth-secret`), from which each visit gets a user name and password of its own
    that end after four hours, for `turn:` and `turns:` addresses without one; see [deployment.md](deployment.md)."""

    sign_in: _Text = Field(default="", validation_alias=SIGN_IN)
    """Who may use the dashboard after a sign-in, with commas between them: addresses (`ada@example.org`), domains
    (`@example.org`), or `everyone` whom the identity provider signs in. Unset: nobody is asked; see
    [deployment.md](deployment.md#a-sign-in)."""

    sign_in_unverified: _Yes = Field(default=False, validation_alias=SIGN_IN_UNVERIFIED)
    """Set to `yes` where the identity provider says of no address whether it was verified, as the directory of one
    organisation may do. Default: an address counts only if it was."""

    library_for_all: _Yes = Field(default=False, validation_alias=LIBRARY_SHARED)
    """Set to `yes`, all who signed in share one library. Default: each of them has a library of their own. Without a
    sign-in this means nothing."""

    @property
    def unfinished(self) -> Path | None:
        """Folder for interrupted analyses; None where none are kept or this user has no home folder."""
        if "unfinished_dir" in self.model_fields_set:
            return self.unfinished_dir
        try:
            cache = self.cache_dir or Path.home() / ".cache"
        except RuntimeError:  # this user has no home
            return None
        return cache / "face-value" / "unfinished"

    @property
    def library(self) -> Path | None:
        """Folder of the library; None where none is named and this user has no home folder."""
        try:
            data = self.data_dir or Path.home() / ".local" / "share"
        except RuntimeError:  # this user has no home
            return self.library_dir
        return self.library_dir or data / "face-value" / "library"

    @property
    def library_is_shared(self) -> bool:
        """Whether somebody named the library, so that all visitors of the dashboard use it."""
        return self.library_dir is not None or bool(self.database)


class ServiceSettings(_OfEnvironment):
    """The settings of `serve`, which nothing else reads. An empty value counts as unset."""

    api_keys: _Keys = Field(default=(), validation_alias=API_KEYS, repr=False)
    """Keys of those who may use the HTTP service, with commas between them, each of 16 letters of ASCII
    or more. Where there is none, `serve` answers to this machine alone; see [service.md](service.md)."""

    folder_named: _Folder = Field(default=None, validation_alias=SERVICE)
    """Folder where recordings given to `serve` wait, and their results. Default: `face-value/service` in the user's
    cache."""

    most_bytes: int = Field(default=2_000_000_000, gt=0, validation_alias=SERVICE_BYTES)
    """Most bytes of an upload to `serve`; of a picture never more than 100 million. Default: 2000000000."""

    most_pixels: int = Field(default=50_000_000, gt=0, validation_alias=SERVICE_PIXELS)
    """Most pixels of a picture, and of a frame of a recording, that `serve` takes. Default: 50000000."""

    most_seconds: float = Field(default=14_400.0, gt=0, allow_inf_nan=False, validation_alias=SERVICE_SECONDS)
    """Longest recording that `serve` takes, in seconds. Default: 14400, four hours."""

    jobs: int = Field(default=1, ge=1, le=64, validation_alias=SERVICE_JOBS)
    """Recordings that `serve` reads at the same time. Default: 1."""

    queue: int = Field(default=20, ge=1, le=10_000, validation_alias=SERVICE_QUEUE)
    """Recordings that may wait in `serve`; more are turned away until there is room. Default: 20."""

    kept_hours: float = Field(default=24.0, gt=0, le=1_000_000, validation_alias=SERVICE_HOURS)
    """Hours for which `serve` keeps a result that nobody deletes. Default: 24."""

    library: bool = Field(default=False, validation_alias=SERVICE_LIBRARY)
    """Whether `serve` gives all who may use it the library: to keep what was read, to take, correct and delete what is
    kept. Default: false."""

    @staticmethod
    def _counts(value: str) -> bool:
        return bool(value)

    @property
    def folder(self) -> Path | None:
        """Folder of the service; None where none is named and this user has no home folder."""
        try:
            cache = settings().cache_dir or Path.home() / ".cache"
        except RuntimeError:  # this user has no home
            return self.folder_named
        return self.folder_named or cache / "face-value" / "service"


def service_settings() -> ServiceSettings:
    """The settings of `serve`, read from the environment now.

    Raises:
        RequestError: one of them makes no sense.
    """
    try:
        return ServiceSettings.read()
    except ValidationError as error:
        wrong = error.errors()[0]
        setting, *place = wrong["loc"]
        which = f"Entry {place[0] + 1} of {setting}" if place and isinstance(place[0], int) else str(setting)
        raise RequestError(f"{which} cannot be used: {words_of(wrong)}; see the table of settings.") from error


def settings() -> Settings:
    """The settings, read from the environment now."""
    return Settings.read()


def temporary_place() -> tuple[str, str] | None:
    """The variable in which the system's folder for temporary files is named, and what it says; None where none is."""
    return next(((name, os.environ[name]) for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)), None)


def environment_with(**variables: str) -> dict[str, str]:
    """The environment of this process with some variables replaced, for a process that it starts.

    The project's folders are named from the root on, so that a process finds the same ones wherever it is started.
    """
    folders = {name: str(Path(os.environ[name]).absolute()) for name in _FOLDERS if os.environ.get(name)}
    return {**os.environ, **folders, **variables}


def tell_libraries(**variables: str) -> None:
    """Set environment variables that libraries read, unless whoever started this process has."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)
