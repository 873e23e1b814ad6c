"""Certificates that tests sign themselves."""

import subprocess
from pathlib import Path


def self_signed(folder: Path, name: str, *addresses: str) -> Path:
    """A certificate for a name and for addresses, the loopback's among them; its key lies beside it as `key.pem`."""
    made = folder / "cert.pem"
    names = ",".join([f"DNS:{name}", *(f"IP:{address}" for address in ("127.0.0.1", *addresses))])
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName={names}", "-keyout", str(folder / "key.pem"), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    return made
