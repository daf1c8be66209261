"""What the hub believes of an identity provider's tokens, and what it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from adapters.errors import Unavailable
from adapters.http import HttpReply
from broker.declaring.oidc import Begun, Provider, RelyingParty, SignInRefused
from broker.errors import NotNow
from tests.broker.canonical.samples import RECEIVED
from tests.clock import ManualClock

ISSUER = "https://id.example"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
NOW = int(RECEIVED.timestamp())
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "lienthong",
    "sub": "001090000018",
    "iat": NOW,
    "exp": NOW + 600,
}


def b64(data: bytes | str | dict[str, Any]) -> str:
    """Base64url of bytes, a text or JSON."""
    raw = (
        json.dumps(data).encode()
        if isinstance(data, dict)
        else data.encode()
        if isinstance(data, str)
        else data
    )
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int) -> str:
    """An integer as a JWK has it."""
    return b64(value.to_bytes((value.bit_length() + 7) // 8))


class FakeHttp:
    """The provider's published documents."""

    def __init__(self) -> None:
        public, point = KEY.public_key().public_numbers(), CURVE.public_key().public_numbers()
        self.keys: list[dict[str, Any]] = [
            {"kty": "RSA", "kid": "r", "n": number(public.n), "e": number(public.e)},
            {"kty": "EC", "crv": "P-256", "kid": "e", "x": number(point.x), "y": number(point.y)},
        ]
        self.asked: list[str] = []
        self.issuer = ISSUER
        self.token: str | None = None
        self.away = False

    async def request(self, method: str, url: str, **_: object) -> HttpReply:
        """Discovery, keys or tokens."""
        if self.away:
            raise Unavailable("away")
        self.asked.append(url)
        if url.endswith("openid-configuration"):
            found: dict[str, Any] = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/jwks",
            }
        elif url.endswith("jwks"):
            found = {"keys": self.keys}
        else:
            found = {"id_token": self.token} if self.token else {"error": "invalid_grant"}
        status = 400 if "error" in found else 200
        return HttpReply(status, {}, json.dumps(found).encode())


def party(http: FakeHttp) -> RelyingParty:
    """The hub as relying party of the fake provider."""
    provider = Provider(ISSUER, "lienthong", lambda: "secret", "https://hub.example/callback")
    return RelyingParty(provider, http, ManualClock(RECEIVED))  # type: ignore[arg-type]


def signed(claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    """An RS256 token."""
    body = f"{b64(header or {'alg': 'RS256', 'kid': 'r'})}.{b64(claims)}"
    return f"{body}.{b64(KEY.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def by_curve(claims: dict[str, Any]) -> str:
    """An ES256 token."""
    body = f"{b64({'alg': 'ES256', 'kid': 'e'})}.{b64(claims)}"
    r, s = decode_dss_signature(CURVE.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{body}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


async def test_both_algorithms_are_believed() -> None:
    """RS256 and ES256 tokens that are ours and current give their claims; the keys are read once."""
    http = FakeHttp()
    relying = party(http)
    assert await relying.verified(signed(GOOD)) == GOOD
    assert await relying.verified(by_curve({**GOOD, "aud": ["other", "lienthong"]}))
    assert len([url for url in http.asked if url.endswith("jwks")]) == 1


def with_secret() -> str:
    """A token signed with the provider's public key as if it were a shared secret (RFC 8725 §2.1)."""
    body = f"{b64({'alg': 'HS256', 'kid': 'r'})}.{b64(GOOD)}"
    secret = number(KEY.public_key().public_numbers().n).encode()
    return f"{body}.{b64(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"


HOSTILE = {
    "no signature": f"{b64({'alg': 'none', 'kid': 'r'})}.{b64(GOOD)}.",
    "None in capitals": f"{b64({'alg': 'None', 'kid': 'r'})}.{b64(GOOD)}.{b64(b'x')}",
    "a secret": with_secret(),
    "an unknown key": signed(GOOD, {"alg": "RS256", "kid": "other"}),
    "another key's algorithm": signed(GOOD, {"alg": "ES256", "kid": "r"}),
    "changed claims": ".".join(
        [signed(GOOD).split(".")[0], b64({**GOOD, "sub": "0"}), signed(GOOD).split(".")[2]]
    ),
    "another issuer": signed({**GOOD, "iss": "https://evil.example"}),
    "somebody else's": signed({**GOOD, "aud": "other"}),
    "nobody's": signed({name: value for name, value in GOOD.items() if name != "aud"}),
    "expired": signed({**GOOD, "exp": NOW - 120}),
    "for ever": signed({name: value for name, value in GOOD.items() if name != "exp"}),
    "of the future": signed({**GOOD, "iat": NOW + 3600}),
    "no token": "abc",
    "no JSON": f"{b64('x')}.{b64('y')}.{b64('z')}",
    "no object": f"{b64('[]')}.{b64('[]')}.{b64('z')}",
    "no base64": "?.?.?",
    "huge": "a" * 70_000 + "..",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_is_refused(name: str) -> None:
    """Whatever is not signed by a published key with its own algorithm, for us and now, is not believed."""
    with pytest.raises(SignInRefused):
        await party(FakeHttp()).verified(HOSTILE[name])


async def test_the_answer_must_be_to_our_question() -> None:
    """State and nonce are those of the browser, a provider says its own name, an error is no sign-in."""
    http = FakeHttp()
    http.token = signed({**GOOD, "nonce": "n"})
    relying, begun = party(http), Begun("s", "n", "v")
    assert (await relying.claims(begun, {"state": "s", "code": "c"}))["sub"] == GOOD["sub"]
    for begun_else, answer in (
        (begun, {"state": "x", "code": "c"}),
        (begun, {"code": "c"}),
        (begun, {"state": "s", "error": "access_denied"}),
        (begun, {"state": "s", "code": "c", "iss": "https://evil.example"}),
        (Begun("s", "other", "v"), {"state": "s", "code": "c"}),
    ):
        with pytest.raises(SignInRefused):
            await relying.claims(begun_else, answer)
    http.token = None
    with pytest.raises(SignInRefused, match="does not exchange"):
        await relying.claims(begun, {"state": "s", "code": "c"})


async def test_a_provider_that_is_away_or_another() -> None:
    """Away means later; a provider that calls itself by another name is refused."""
    http = FakeHttp()
    http.away = True
    with pytest.raises(NotNow):
        await party(http).address(Begun("s", "n", "v"))
    http.away, http.issuer = False, "https://evil.example"
    with pytest.raises(SignInRefused):
        await party(http).address(Begun("s", "n", "v"))
