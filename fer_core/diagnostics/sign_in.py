"""Whether a sign-in that the settings ask for can work: packages, Streamlit's secrets, the identity provider."""

import json
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fer_core.access import AllowList
from fer_core.diagnostics.reaching import ANSWER_S
from fer_core.errors import FerError, with_extra
from fer_core.settings import SIGN_IN, Settings

CALLBACK: Final = "/oauth2callback"
"""Where the identity provider sends people back to."""

LEAST_SECRET: Final = 32
"""Letters of the secret that signs cookies, at least."""

_NEEDED: Final = ("authlib", "httpx")


def sign_in(now: Settings, address: str | None = None) -> tuple[bool | None, str]:
    """Look at it.

    Args:
        now: the settings.
        address: of the dashboard as visitors type it; None where it is not known.

    Returns:
        Whether it can work, None where nobody is asked or it cannot be told; and what was found or is to be done.

    Raises:
        FerError: the list of those who may come in is not understood, or Streamlit's secrets cannot be read.
    """
    if not now.sign_in:
        return _nobody_asked()
    AllowList.parse(now.sign_in)
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        return False, f"{', '.join(missing)} is missing; {with_extra('sign-in')}"
    found = _auths()
    if not found:
        return None, f"asked for, but not looked at: there is neither {' nor '.join(map(str, _places()))}"
    path, auth = next(((path, auth) for path, auth in found.items() if auth), next(iter(found.items())))
    if not isinstance(auth, Mapping):
        return False, f"{path} has no section [auth]; write it as the page on deployment shows"
    problems = list(_problems(auth, address))
    return not problems, " ".join(problems) or f"{', '.join(url for _, url in _providers(auth))} answers"


def _nobody_asked() -> tuple[bool | None, str]:
    """The dashboard lets nobody in where an identity provider is named and no list."""
    if path := next((path for path, auth in _auths().items() if auth), None):
        return False, (
            f"{path} has a section [auth], so nobody may come in until {SIGN_IN} names them; set it, or take the "
            "section away where everybody may use the pages"
        )
    return None, f"nobody is asked: whoever reaches the pages may use them; {SIGN_IN} changes that"


def _places() -> list[Path]:
    """Where Streamlit looks for its secrets; what the first one says counts."""
    folders = [Path.cwd()]
    with suppress(RuntimeError):  # there is no home
        folders.append(Path.home())
    return [folder / ".streamlit" / "secrets.toml" for folder in folders]


def _auths() -> dict[Path, Any]:
    """The section `[auth]` of each file of secrets that is there; None where it has none.

    Raises:
        FerError: a file cannot be read.
    """
    found: dict[Path, Any] = {}
    for path in _places():
        try:
            found[path] = tomllib.loads(path.read_text(encoding="utf-8")).get("auth")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            raise FerError(f"{path} cannot be read ({error}); mend it") from error
    return found


def _problems(auth: Mapping[str, Any], address: str | None) -> Iterator[str]:
    back = str(auth.get("redirect_uri", ""))
    if not back.endswith(CALLBACK):
        yield f"redirect_uri has to end with {CALLBACK}."
    elif address is not None and back != address.rstrip("/") + CALLBACK:
        yield f"redirect_uri is {back}; visitors come by {address}, so write {address.rstrip('/')}{CALLBACK}."
    if len(str(auth.get("cookie_secret", ""))) < LEAST_SECRET:
        yield f"cookie_secret needs {LEAST_SECRET} letters or more that nobody can guess."
    providers = _providers(auth)
    if not providers:
        yield "no identity provider is named; write its server_metadata_url."
    for section, url in providers:
        if missing := [key for key in ("client_id", "client_secret") if not section.get(key)]:
            yield f"{' and '.join(missing)} of {url} is missing."
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:
                complete = "authorization_endpoint" in json.load(answer)
        except (OSError, ValueError, TypeError):
            complete = False
        if not complete:
            yield f"{url} does not answer as an identity provider; check the address, and that this machine reaches it."


def _providers(auth: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str]]:
    """The sections that name an identity provider, with the address of its description."""
    sections = [auth, *(value for value in auth.values() if isinstance(value, Mapping))]
    return [(each, str(each["server_metadata_url"])) for each in sections if each.get("server_metadata_url")]
