"""The hub as relying party of an OpenID Connect provider: authorization code flow with PKCE.

OpenID Connect Core 1.0 §3.1, RFC 7636 (PKCE), RFC 7519 §7.2 and RFC 8725 (what of a token is believed). A token counts
only if it is signed by a key that the provider publishes, with an algorithm of the allow-list, for us, now, and for the
very request that this browser began.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from adapters.errors import AdapterError
from adapters.http import HttpClient, HttpReply
from broker.clock import Clock
from broker.errors import NotNow

SKEW = 60
"""Seconds by which the provider's clock may differ."""
_LONGEST = 64 * 1024
_LEAST_RSA = 2048


class SignInRefused(Exception):
    """The sign-in cannot be believed; the text says why, for our log and never for a page."""


@dataclasses.dataclass(frozen=True, slots=True)
class Provider:
    """Who vouches for citizens, and as whom we ask. ``secret`` gives our password when it is needed."""

    issuer: str
    client_id: str
    secret: Callable[[], str]
    redirect_uri: str


@dataclasses.dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: what only the browser that began it knows."""

    state: str
    nonce: str
    verifier: str


class RelyingParty:
    """Sends browsers to the provider and reads what they bring back."""

    def __init__(self, provider: Provider, http: HttpClient, clock: Clock) -> None:
        """What the provider publishes is read when it is first needed, its keys again when one is unknown."""
        self._provider = provider
        self._http = http
        self._clock = clock
        self._found: dict[str, Any] | None = None
        self._keys: list[dict[str, Any]] = []

    async def address(self, begun: Begun) -> str:
        """Where the browser has to go. Raises `NotNow` if the provider cannot be reached."""
        found = await self._discovered()
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": self._provider.redirect_uri,
            "scope": "openid profile",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": _b64(digest),
            "code_challenge_method": "S256",
        }
        return f"{found['authorization_endpoint']}?{urlencode(asked)}"

    async def claims(self, begun: Begun, answer: Mapping[str, str]) -> dict[str, Any]:
        """Who signed in, from what the browser brought back. Raises `SignInRefused` and `NotNow`."""
        if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise SignInRefused("the state is not that of this browser")
        if answer.get("iss", self._provider.issuer) != self._provider.issuer:
            raise SignInRefused("the answer is another provider's (RFC 9207)")
        if "code" not in answer:
            raise SignInRefused(f"no code: {answer.get('error', 'nothing said')[:60]}")
        token = await self._exchanged(answer["code"], begun.verifier)
        claims = await self.verified(token)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), begun.nonce.encode()):
            raise SignInRefused("the nonce is not that of this browser")
        return claims

    async def verified(self, token: str) -> dict[str, Any]:
        """The claims of an id token that is signed, ours and current. Raises `SignInRefused` and `NotNow`."""
        if token.count(".") != 2 or len(token) > _LONGEST:
            raise SignInRefused("not a signed token")
        body, _, signature = token.rpartition(".")
        header, claims = (_json(part) for part in body.split("."))
        key = await self._key(header)
        _verify(str(header.get("alg")), key, body.encode(), _bytes(signature))
        self._ours(claims, self._clock())
        return claims

    def _ours(self, claims: Mapping[str, Any], now: datetime) -> None:
        audience = claims.get("aud")
        if claims.get("iss") != self._provider.issuer:
            raise SignInRefused("the token is another issuer's")
        if self._provider.client_id not in ([audience] if isinstance(audience, str) else audience or ()):
            raise SignInRefused("the token is for somebody else")
        seconds = now.timestamp()
        expires, issued = claims.get("exp"), claims.get("iat")
        if not isinstance(expires, int | float) or seconds >= expires + SKEW:
            raise SignInRefused("the token has expired")
        if not isinstance(issued, int | float) or issued > seconds + SKEW:
            raise SignInRefused("the token is of the future")

    async def _exchanged(self, code: str, verifier: str) -> str:
        found = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._provider.redirect_uri,
            "code_verifier": verifier,
        }
        password = f"{quote(self._provider.client_id, safe='')}:{quote(self._provider.secret(), safe='')}"
        reply = await self._ask(
            "POST",
            found["token_endpoint"],
            body=urlencode(form).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Authorization": f"Basic {base64.b64encode(password.encode()).decode()}",
            },
        )
        if reply.status >= 500:
            raise NotNow
        token = _json_of(reply.body).get("id_token")
        if reply.status != 200 or not isinstance(token, str):
            raise SignInRefused(f"the provider does not exchange the code ({reply.status})")
        return token

    async def _discovered(self) -> dict[str, Any]:
        if self._found is None:
            found = await self._published(f"{self._provider.issuer}/.well-known/openid-configuration")
            if found.get("issuer") != self._provider.issuer:
                raise SignInRefused("the provider calls itself by another name")
            self._found = found
        return self._found

    async def _key(self, header: Mapping[str, Any]) -> dict[str, Any]:
        """The published key that the header names; looked for once more, as keys change."""
        for again in (False, True):
            if again or not self._keys:
                found = await self._published((await self._discovered())["jwks_uri"])
                self._keys = [key for key in found.get("keys", []) if isinstance(key, dict)]
            for key in self._keys:
                if key.get("kid") == header.get("kid") and key.get("use", "sig") == "sig":
                    return key
        raise SignInRefused("the token is signed with a key that the provider does not publish")

    async def _published(self, address: str) -> dict[str, Any]:
        reply = await self._ask("GET", address)
        if reply.status != 200:
            raise NotNow
        return _json_of(reply.body)

    async def _ask(
        self, method: str, address: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpReply:
        try:
            return await self._http.request(
                method, address, body=body, headers=headers, timeout_seconds=10, limit=_LONGEST, safe=True
            )
        except AdapterError as error:
            raise NotNow(
                10.0, "Chưa đăng nhập được; vui lòng thử lại sau.", "The identity provider is away."
            ) from error


def _verify(algorithm: str, key: Mapping[str, Any], body: bytes, signature: bytes) -> None:
    """RS256 or ES256 with a key of that kind, nothing else: never ``none``, never a secret (RFC 8725 §3.1)."""
    try:
        if (algorithm, key.get("kty")) == ("RS256", "RSA"):
            public = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
            if public.key_size < _LEAST_RSA:
                raise SignInRefused("the provider's key is too short")
            public.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
        elif (algorithm, key.get("kty"), key.get("crv")) == ("ES256", "EC", "P-256") and len(signature) == 64:
            point = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1())
            halves = (int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
            point.public_key().verify(encode_dss_signature(*halves), body, ec.ECDSA(hashes.SHA256()))
        else:
            raise SignInRefused(f"the algorithm {algorithm[:20]!r} is not taken")
    except (InvalidSignature, KeyError, ValueError) as error:
        raise SignInRefused("the signature does not fit") from error


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise SignInRefused("not base64url") from error


def _json(part: str) -> dict[str, Any]:
    return _json_of(_bytes(part))


def _json_of(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SignInRefused("not JSON") from error
    if not isinstance(value, dict):
        raise SignInRefused("not an object")
    return value
