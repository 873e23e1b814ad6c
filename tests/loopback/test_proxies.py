"""What proxies write of the requests that go through them, with the configurations of docs/deployment."""

import uuid

import pytest
import requests

from tests.certificates import self_signed
from tests.proxy import NAME, access_log, behind_nginx, needs_nginx
from tests.serving import free_port

pytestmark = needs_nginx


@pytest.mark.parametrize(
    ("name", "behind", "plain"),
    [("nginx.conf", r"127\.0\.0\.1:8501", [r"listen 80"]), ("nginx-service.conf", r"127\.0\.0\.1:8600", [])],
)
def test_addresses_of_requests_are_not_written_down(name, behind, plain, tmp_path):
    port, secret = free_port(), uuid.uuid4().hex
    made = self_signed(tmp_path, NAME)
    adapted = {r"listen 443 ssl": f"listen 127.0.0.1:{port} ssl", behind: f"127.0.0.1:{free_port()}"}
    adapted |= {pattern: f"listen 127.0.0.1:{free_port()}" for pattern in plain}
    with behind_nginx(name, adapted, tmp_path, port):
        address = f"https://127.0.0.1:{port}/v1/recordings?name={secret}.mp4"
        assert requests.post(address, timeout=30, verify=str(made)).status_code == 502  # nobody is behind it
    log = access_log()
    assert not log.exists() or secret not in log.read_text(errors="replace")
