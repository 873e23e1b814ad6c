"""Environment variables: they do what they say, and the reference says it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fer_core.errors import RequestError
from fer_core.settings import (
    API_KEYS,
    CACHE,
    DATA,
    DATA_SET,
    DATABASE,
    ICE_SERVERS,
    LIBRARY,
    LIBRARY_SHARED,
    LIVE,
    MODELS,
    RAY_ADDRESS,
    SERVICE,
    SERVICE_BYTES,
    SERVICE_HOURS,
    SERVICE_JOBS,
    SERVICE_LIBRARY,
    SERVICE_PIXELS,
    SERVICE_QUEUE,
    SERVICE_SECONDS,
    SIGN_IN,
    SIGN_IN_UNVERIFIED,
    TURN_SECRET,
    UNFINISHED,
    ServiceSettings,
    Settings,
    environment_with,
    service_settings,
    settings,
)
from tests.conftest import ROOT

LIMITS = [SERVICE_BYTES, SERVICE_PIXELS, SERVICE_SECONDS, SERVICE_JOBS, SERVICE_QUEUE, SERVICE_HOURS]
NAMES = [
    MODELS,
    DATA_SET,
    ICE_SERVERS,
    LIVE,
    UNFINISHED,
    CACHE,
    LIBRARY,
    DATABASE,
    DATA,
    RAY_ADDRESS,
    TURN_SECRET,
    SIGN_IN,
    SIGN_IN_UNVERIFIED,
    LIBRARY_SHARED,
    API_KEYS,
    SERVICE,
    *LIMITS,
    SERVICE_LIBRARY,
]
HOME = Path("/home/someone")


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """An environment without any of the settings."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(HOME))
    monkeypatch.setenv("USERPROFILE", str(HOME))


def test_names_are_stable():
    assert NAMES == [
        "FER_MODELS_DIR",
        "FER2013_PATH",
        "FACE_VALUE_ICE_SERVERS",
        "FACE_VALUE_LIVE",
        "FACE_VALUE_UNFINISHED",
        "XDG_CACHE_HOME",
        "FACE_VALUE_LIBRARY",
        "FACE_VALUE_DATABASE",
        "XDG_DATA_HOME",
        "RAY_ADDRESS",
        "FACE_VALUE_TURN_SECRET",
        "FACE_VALUE_SIGN_IN",
        "FACE_VALUE_SIGN_IN_UNVERIFIED",
        "FACE_VALUE_LIBRARY_SHARED",
        "FACE_VALUE_API_KEYS",
        "FACE_VALUE_SERVICE",
        "FACE_VALUE_SERVICE_BYTES",
        "FACE_VALUE_SERVICE_PIXELS",
        "FACE_VALUE_SERVICE_SECONDS",
        "FACE_VALUE_SERVICE_JOBS",
        "FACE_VALUE_SERVICE_QUEUE",
        "FACE_VALUE_SERVICE_HOURS",
        "FACE_VALUE_SERVICE_LIBRARY",
    ]


def test_every_setting_is_described_in_the_reference():
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([A-Z0-9_]+)` \| \w", reference, re.MULTILINE))
    fields = [*Settings.model_fields.values(), *ServiceSettings.model_fields.values()]
    assert {field.validation_alias for field in fields} == set(NAMES) == described


def test_the_environment_is_read_in_one_place():
    reading = re.compile(r"os\.environ|getenv|BaseSettings")
    files = [ROOT / "Home.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "fer_core").rglob("*.py")]
    found = [path.relative_to(ROOT).as_posix() for path in files if reading.search(path.read_text(encoding="utf-8"))]
    assert found == ["fer_core/settings.py"]


def test_without_settings_everything_has_a_default():
    now = settings()
    assert (now.models_dir, now.data_set, now.ice_servers) == (None, "", "")
    assert now.unfinished == HOME / ".cache" / "face-value" / "unfinished"


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        (MODELS, "models_dir"),
        (UNFINISHED, "unfinished"),
        (CACHE, "cache_dir"),
        (LIBRARY, "library"),
        (DATA, "data_dir"),
    ],
)
def test_a_folder_is_taken_as_named(name, attribute, monkeypatch, tmp_path):
    monkeypatch.setenv(name, str(tmp_path))
    assert getattr(settings(), attribute) == tmp_path


def test_a_setting_is_read_when_it_is_asked_for(monkeypatch):
    for value in ("first", "second"):
        monkeypatch.setenv(DATA_SET, f" {value} ")
        assert settings().data_set == value


def test_what_looks_like_json_stays_text(monkeypatch):
    monkeypatch.setenv(ICE_SERVERS, '[{"urls": "turn:a.example", "credential": "secret"}]')
    assert settings().ice_servers.startswith('[{"urls"')
    assert "secret" not in repr(settings())


def test_names_are_spelt_exactly(monkeypatch):
    monkeypatch.setenv(DATA_SET.lower(), "elsewhere")
    if os.name != "nt":  # Windows does not tell capitals in names of variables
        assert settings().data_set == ""


def test_an_empty_folder_for_unfinished_analyses_means_none(monkeypatch):
    monkeypatch.setenv(UNFINISHED, "")
    assert settings().unfinished is None


@pytest.mark.parametrize("name", [MODELS, CACHE, LIBRARY, DATA])
def test_another_empty_folder_is_the_default(name, monkeypatch):
    before = settings()
    monkeypatch.setenv(name, "")
    now = settings()
    assert (now.models_dir, now.unfinished, now.library) == (before.models_dir, before.unfinished, before.library)
    assert not now.library_is_shared


def test_the_cache_decides_where_unfinished_analyses_lie(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE, str(tmp_path))
    assert settings().unfinished == tmp_path / "face-value" / "unfinished"


def test_the_library_lies_in_the_data_folder_unless_it_is_named(monkeypatch, tmp_path):
    assert settings().library == HOME / ".local" / "share" / "face-value" / "library"
    monkeypatch.setenv(DATA, str(tmp_path))
    assert settings().library == tmp_path / "face-value" / "library" and not settings().library_is_shared
    monkeypatch.setenv(LIBRARY, str(tmp_path / "study"))
    assert settings().library == tmp_path / "study" and settings().library_is_shared


def test_a_named_database_is_shared_and_its_password_is_not_shown(monkeypatch):
    monkeypatch.setenv(DATABASE, "postgresql://someone:secret@host/name")
    assert settings().library_is_shared and "secret" not in repr(settings())


def test_the_service_has_defaults_and_an_empty_value_is_one(monkeypatch, tmp_path):
    monkeypatch.setenv(SERVICE_JOBS, "")
    assert service_settings().jobs == 1 and service_settings().api_keys == ()
    assert service_settings().folder == HOME / ".cache" / "face-value" / "service"
    monkeypatch.setenv(SERVICE, str(tmp_path))
    assert service_settings().folder == tmp_path


def test_keys_of_the_service_are_parted_by_commas_and_not_shown(monkeypatch):
    monkeypatch.setenv(API_KEYS, f" {'a' * 16},{'b' * 20}, ")
    assert service_settings().api_keys == ("a" * 16, "b" * 20) and "aaaa" not in repr(service_settings())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (API_KEYS, "guessable"),
        (API_KEYS, "schlüssel-für-alle"),  # UTF-8 here, one byte a letter in a header
        (API_KEYS, "a line\nand another one"),
        (SERVICE_JOBS, "many"),
        (SERVICE_BYTES, "0"),
        (SERVICE_SECONDS, "nan"),
        (SERVICE_HOURS, "nan"),
        (SERVICE_HOURS, "1e12"),  # more than a time can be
    ],
)
def test_a_senseless_setting_of_the_service_is_named_and_its_value_is_not(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(RequestError, match=name) as told:
        service_settings()
    assert value not in str(told.value).replace(name, "") or len(value) < 4


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (API_KEYS, f"{'a' * 16},guessable", "Entry 2 of FACE_VALUE_API_KEYS cannot be used: it has fewer than 16 char"),
        (SERVICE_JOBS, "many", "FACE_VALUE_SERVICE_JOBS cannot be used: it is no whole number; see the table"),
        (SERVICE_LIBRARY, "yse", "FACE_VALUE_SERVICE_LIBRARY cannot be used: it has to be true or false; see"),
        (SERVICE_BYTES, "0", "FACE_VALUE_SERVICE_BYTES cannot be used: it has to be more than 0; see the table"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_in_plain_words(name, value, words, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(RequestError, match=words):
        service_settings()


def test_a_process_gets_the_same_environment_but_for_some_variables(monkeypatch):
    monkeypatch.setenv(DATA_SET, "kept")
    given = environment_with(**{MODELS: "replaced"})
    assert given == {**os.environ, MODELS: "replaced"} and given[DATA_SET] == "kept"


def test_a_process_that_is_started_elsewhere_finds_the_same_folders(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(MODELS, "mine")
    assert environment_with()[MODELS] == str(tmp_path / "mine")
    assert environment_with(**{MODELS: "replaced"})[MODELS] == "replaced"
    monkeypatch.setenv(MODELS, "")
    assert environment_with()[MODELS] == ""


def test_models_are_taken_from_another_folder(tmp_path):
    code = "from fer_core.classification import list_cards; print(list_cards())"
    for folder, empty in ((str(tmp_path), True), ("", False)):
        environment = {**os.environ, "FER_MODELS_DIR": folder}
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert (done.stdout.strip() == "[]") is empty, done.stderr
