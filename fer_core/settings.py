"""Settings of the machine: every environment variable that the project reads is named and read here.

Environment variables are read each time that `settings()` is called, so a test or a script may set one at any moment.
`fer_core.networks.files.MODELS_DIR` is the exception: that constant is set when the module is imported.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

MODELS: Final = "FER_MODELS_DIR"
DATA_SET: Final = "FER2013_PATH"
ICE_SERVERS: Final = "FACE_VALUE_ICE_SERVERS"
UNFINISHED: Final = "FACE_VALUE_UNFINISHED"
CACHE: Final = "XDG_CACHE_HOME"
LIBRARY: Final = "FACE_VALUE_LIBRARY"
DATABASE: Final = "FACE_VALUE_DATABASE"
DATA: Final = "XDG_DATA_HOME"


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _none_if_empty(value: Any) -> Any:
    return value or None


_Text = Annotated[str, BeforeValidator(_stripped)]
_Folder = Annotated[Path | None, BeforeValidator(_none_if_empty)]


class Settings(BaseSettings):
    """The settings as they are now; each attribute is one environment variable.

    The descriptions of the attributes are the table of settings in docs/reference.md (`make tables`).
    """

    model_config = SettingsConfigDict(
        case_sensitive=True, frozen=True, extra="ignore", use_attribute_docstrings=True, enable_decoding=False
    )

    models_dir: _Folder = Field(default=None, validation_alias=MODELS)
    """Folder of models to use instead of `models`, such as a mounted volume."""

    data_set: _Text = Field(default="", validation_alias=DATA_SET)
    """Zip, folder or `fer2013.csv` whose faces the Models page shows. Where unset, only a person at this machine
    (`server.address` and the address in the browser are `localhost`, no proxy in between) can type the path on that
    page; everyone else sees counts alone. The tests that need FER2013 look here, too."""

    ice_servers: _Text = Field(default="", validation_alias=ICE_SERVERS, repr=False)
    """How the browser's camera and the server connect: unset or `none`, `automatic`, or a list of servers; see
    [Live](../README.md#live)."""

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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment and nothing else: no `.env` file, no folder of secrets."""
        return (env_settings,)

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


def settings() -> Settings:
    """The settings, read from the environment now."""
    return Settings()


def environment_with(**variables: str) -> dict[str, str]:
    """The environment of this process with some variables replaced, for a process that it starts."""
    return {**os.environ, **variables}
