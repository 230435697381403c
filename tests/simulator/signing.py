# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key that tokens for the registry are signed with: one for each process, made when it is first needed."""

from __future__ import annotations

import base64
import functools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

ISSUER = "gitlab-issuer"
SERVICE = "container_registry"
ALGORITHM = "RS256"
_making = threading.Lock()


def sign(claims: dict[str, Any]) -> str:
    """A token with these claims. It brings the certificate along, by which a registry finds out whether to trust it."""
    key, own = _identity()
    chain = [base64.b64encode(own.public_bytes(Encoding.DER)).decode()]
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"x5c": chain})


def verify(token: str) -> dict[str, Any]:
    """The claims of a token that was signed here for the registry and is valid now; else jwt.InvalidTokenError."""
    claims = _claims(token)
    # The rest of a token stays as it is, so that a signature is looked at once.
    if claims["exp"] <= datetime.now(UTC).timestamp():
        raise jwt.ExpiredSignatureError
    return claims


@functools.lru_cache(maxsize=1000)
def _claims(token: str) -> dict[str, Any]:
    key, _own = _identity()
    claims: dict[str, Any] = jwt.decode(token, key.public_key(), [ALGORITHM], audience=SERVICE, issuer=ISSUER)
    return claims


def certificate() -> str:
    """PEM, for a registry's rootcertbundle."""
    return _identity()[1].public_bytes(Encoding.PEM).decode()


def _identity() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    # Two requests may be the first at once, and a cache would let each make a key.
    with _making:
        return _made()


@functools.cache
def _made() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
    )
    return key, builder.sign(key, SHA256())
