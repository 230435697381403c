# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens for the registry are signed by one key a process, and checked against everything a registry checks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509

from tests.simulator import signing
from tests.simulator.harness import Simulator

from .helpers import Client

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
CLAIMS: dict[str, Any] = {"iss": "gitlab-issuer", "aud": "container_registry", "exp": NOW + HOUR, "access": []}


def test_what_is_signed_is_verified() -> None:
    assert signing.verify(signing.sign(CLAIMS))["access"] == []


@pytest.mark.parametrize("wrong", [{"iss": "somebody"}, {"aud": "dependency_proxy"}, {"exp": NOW - HOUR}])
def test_a_token_for_another_time_or_purpose_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(jwt.InvalidTokenError):
        signing.verify(signing.sign({**CLAIMS, **wrong}))


def test_the_certificate_is_for_the_key() -> None:
    own = x509.load_pem_x509_certificate(signing.certificate().encode())
    own.verify_directly_issued_by(own)
    key: Any = own.public_key()
    assert jwt.decode(signing.sign(CLAIMS), key, ["RS256"], audience="container_registry")


def test_first_users_at_once_share_one_key() -> None:
    signing._made.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _number: signing.certificate(), range(4)))) == 1


def test_tokens_of_another_process_are_refused(gitlab: Client, simulator: Simulator) -> None:
    query = {"service": "container_registry", "scope": "repository:open/site:pull"}
    first, second = (
        gitlab.send("GET", f"{simulator.url}/jwt/auth", params=query).json()["token"] for _time in range(2)
    )
    unchecked = [jwt.decode(token, options={"verify_signature": False}) for token in (first, second)]
    assert unchecked[0]["jti"] != unchecked[1]["jti"]
    with pytest.raises(jwt.InvalidSignatureError):
        signing.verify(first)
