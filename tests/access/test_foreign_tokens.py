"""Row S22: what other systems take for a credential opens nothing here, and no database is asked about it."""

import base64
import hashlib
import hmac
import itertools
from typing import Any

import orjson
import pytest

from tests.access.desk import Desk
from tests.access.test_bearing import statements

# How a token says that nothing, a key of the sender's choice, or a public key shall be believed.
HEADERS: dict[str, dict[str, Any]] = {
    "none": {"alg": "none"},
    "None": {"alg": "None", "typ": "JWT"},
    "no algorithm": {"typ": "JWT"},
    "HS256 with a public key": {"alg": "HS256", "typ": "JWT"},
    "empty secret": {"alg": "HS256", "kid": ""},
    "a file without content": {"alg": "HS256", "kid": "../../dev/null"},
    "a file of every machine": {"alg": "HS256", "kid": "/proc/sys/kernel/randomize_va_space"},
    "a query": {"alg": "HS256", "kid": "' UNION SELECT 'k"},
    "a command": {"alg": "HS256", "kid": "| sleep 5"},
    "a key set elsewhere": {"alg": "RS256", "jku": "https://evil.example/jwks.json"},
    "a certificate elsewhere": {"alg": "RS256", "x5u": "https://evil.example/x.pem"},
    "a key of its own": {"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}},
    "unknown and critical": {"alg": "HS256", "crit": ["exp"], "exp": 0},
}
CLAIMS: tuple[dict[str, Any], ...] = (
    {"role": "administrator", "sub": "administrator", "exp": 9_999_999_999},
    {"scope": "articles:write staff:write", "iss": "copydesk", "aud": "copydesk"},
)
PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
SCHEMES = ("Basic", "Digest", "Token", "ApiKey", "Negotiate", "AWS4-HMAC-SHA256", "Bearer:", "BearerBearer")


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: dict[str, Any], claims: dict[str, Any], key: bytes | None) -> str:
    """A JSON web token; without a key its signature is empty. Source: RFC 7515."""
    content = f"{encoded(orjson.dumps(header))}.{encoded(orjson.dumps(claims))}"
    signature = b"" if key is None else hmac.digest(key, content.encode(), hashlib.sha256)
    return f"{content}.{encoded(signature)}"


@pytest.mark.parametrize("kind", HEADERS)
def test_a_json_web_token_is_nobodys(desk: Desk, kind: str) -> None:
    with statements(desk) as sent:
        for claims, key in itertools.product(CLAIMS, (None, b"", b"\0", PUBLIC_KEY)):
            token = signed(HEADERS[kind], claims, key)
            for header in (f"Bearer {token}", f"JWT {token}"):
                answer = desk.client(None).get("/api/v1/staff", headers={"Authorization": header})
                assert answer.status_code == 401, header
                assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
            answer = desk.client(None).get("/api/v1/staff", headers={"Cookie": f"copydesk={token}"})
            assert answer.status_code == 401, token
    assert sent == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_good_token_under_another_scheme_opens_nothing(desk: Desk, scheme: str) -> None:
    token = desk.token("administrator")
    userinfo = base64.b64encode(f"token:{token}".encode()).decode()
    with statements(desk) as sent:
        for value in (token, userinfo, f'username="token", response="{token}"'):
            answer = desk.client(None).get("/api/v1/staff", headers={"Authorization": f"{scheme} {value}"})
            assert answer.status_code == 401, value
    assert sent == []
    assert desk.client(token).get("/api/v1/staff").status_code == 200
