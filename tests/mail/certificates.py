"""Certificates for mail servers of the tests, made anew by OpenSSL's own command."""

import ssl
import subprocess
from pathlib import Path

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


def authority(folder: Path, name: str) -> Path:
    """A certificate authority; gives its certificate."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    _openssl("req", "-x509", *CURVE, "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate))
    return certificate


def server_context(folder: Path, signer: Path, host: str) -> ssl.SSLContext:
    """What a server presents that has this name, signed by an authority."""
    key, certificate = folder / f"{host}.key", folder / f"{host}.pem"
    signing = ("-CA", str(signer), "-CAkey", str(signer.with_suffix(".key")))
    names = ("-addext", f"subjectAltName=DNS:{host}", "-addext", "basicConstraints=critical,CA:FALSE")
    _openssl(
        "req", "-x509", *CURVE, *signing, *names, "-subj", f"/CN={host}", "-keyout", str(key), "-out", str(certificate)
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
