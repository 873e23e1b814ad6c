"""Dockerfile and compose.yaml, as far as they can be checked without Docker."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from fer_core.cli import parser
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_the_linter_has_nothing_to_say():
    beside = Path(sys.executable).with_name("hadolint")
    hadolint = str(beside) if beside.exists() else shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed; it is made for Linux on x86_64 only")
    done = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_built_from_all_that_the_wheel_holds():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    let_in = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    needed = {path.strip("/") for path in (*wheel["include"], *wheel["force-include"])}
    assert all(any(path == each or path.startswith(f"{each}/") for each in let_in) for path in needed)
    assert all((ROOT / path).exists() for path in let_in)


def test_the_image_has_the_versions_of_sign_in_and_service_that_are_tested():
    dockerfile = (ROOT / "Dockerfile").read_text()
    [named] = re.findall(r"face-value\[(\S+)\]", dockerfile)
    assert named.split(",") == ["dashboard", "sign-in", "service"]
    [pattern] = re.findall(r'grep -E "(\S+)" requirements-optional.txt', dockerfile)
    pinned = re.findall(pattern, (ROOT / "requirements-optional.txt").read_text(), re.MULTILINE)
    assert sorted(pinned) == sorted([*of_extra("sign-in"), *of_extra("service")])


def test_what_a_sign_in_needs_on_community_cloud_is_told():
    """It installs `requirements.txt`, which is without the extra."""
    [told] = re.findall(
        r"\*\*Streamlit Community Cloud\.\*\*.*?(?=\n- )", (ROOT / "docs/deployment.md").read_text(), re.DOTALL
    )
    assert all(f"`{name}`" in told for name in of_extra("sign-in"))


def of_extra(name: str) -> list[str]:
    """Names of the packages of an extra."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return [re.split("[<>=]", needed)[0] for needed in extras[name]]


def test_the_service_has_the_time_that_its_end_takes(services):
    pytest.importorskip("fastapi", reason="the extra `service` is not installed")
    from fer_core.service import jobs, serving

    assert float(services["serve"]["stop_grace_period"].removesuffix("s")) > serving.END_S + jobs.END_S


def test_what_the_services_start_are_commands(services):
    for service in services.values():
        parser().parse_args(service.get("command", ["dashboard"]))


def test_every_service_is_as_little_as_it_can_be(services):
    for service in services.values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and "/tmp" in service["tmpfs"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert "\nUSER 10001\n" in (ROOT / "Dockerfile").read_text()


def test_what_lies_in_memory_can_be_written_by_every_user(services):
    """A tmpfs is root's, and takes the rights of the folder that it covers in the image."""
    made = re.findall(r"chmod 1777 (\S+)", (ROOT / "Dockerfile").read_text())
    for service in services.values():
        assert set(service["tmpfs"]) - {"/tmp"} == set(made)


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("ldd") is None, reason="looks at libraries of Linux")
def test_packages_txt_names_what_the_wheels_need_of_debian():
    """Streamlit Community Cloud installs these; libc6 and libgcc are always there."""
    packages = [Path(find_spec(name).origin).parent for name in ("ai_edge_litert", "av", "cv2", "PIL")]
    provides = {"libstdc++6": {"libstdc++.so.6"}, "zlib1g": {"libz.so.1"}}
    always = r"ld-linux|lib(c|m|dl|rt|pthread|mvec|gcc_s)\.so"
    files = [max(package.glob("*.so"), key=lambda path: path.stat().st_size) for package in packages]
    told = subprocess.run(["ldd", *files], capture_output=True, text=True, check=True).stdout
    assert "not found" not in told
    of_system = {Path(line.split("=> ")[1].split()[0]) for line in told.splitlines() if "=> " in line}
    needed = {path.name for path in of_system if "site-packages" not in str(path) and not re.match(always, path.name)}
    listed = (ROOT / "packages.txt").read_text().split()
    assert needed == set().union(*(provides[package] for package in listed))
