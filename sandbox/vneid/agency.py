"""The identity provider: discovery, the page where a synthetic citizen is chosen, token, user info and keys.

OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636) for one confidential client.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from string import Template
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.core.agency import Agency
from sandbox.dancu.citizen import Citizen
from sandbox.dancu.population import generate
from sandbox.vneid import tokens

DEFAULTS = {"client_id": "lienthong", "client_secret": "sandbox-vneid-secret"}
CALLBACK = "/api/v1/sign-in/callback"
CODE_LIFE = timedelta(minutes=2)
TOKEN_LIFE = timedelta(minutes=10)
SCHEMA = """
CREATE TABLE IF NOT EXISTS ma_cap (
  ma TEXT PRIMARY KEY, loai TEXT NOT NULL, noi_dung TEXT NOT NULL, het_han TEXT NOT NULL);
"""
_CARRIED = ("client_id", "redirect_uri", "state", "nonce", "code_challenge")
_PAGE = Template("""<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><title>$title</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { font: 16px/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 32rem; padding: 0 1rem }
input, button { font: inherit; padding: .4rem .8rem } p.error { color: #a40000 }</style></head><body>
<h1>$title</h1><p>Cơ sở mô phỏng để thử nghiệm: mọi người đều là giả định, không có mật khẩu.<br>
<small lang="en">Stand-in for tests: all people are synthetic, there is no password.</small></p>$error
<form method="post" action="/authorize">$hidden<label>Số định danh cá nhân<br>
<input name="number" inputmode="numeric" maxlength="12" required autofocus list="people"></label>
<datalist id="people">$people</datalist> <button>Đăng nhập</button></form></body></html>
""")


class VNeID(Agency):
    """The national e-identity application's sign-in. Endpoints as discovery says."""

    name = "vneid"
    title = "Định danh và xác thực điện tử (VNeID)"
    english = "National e-identity"
    schema = SCHEMA

    def prepare(self) -> None:
        """Know the citizens, who are those of the population database."""
        given = self.site.options
        self.client_id = str(given.get("client_id", DEFAULTS["client_id"]))
        self.client_secret = str(given.get("client_secret", DEFAULTS["client_secret"]))
        self.citizens = generate(self.site.seed, int(given.get("households", 900))).by_number

    def routes(self) -> Sequence[BaseRoute]:
        """The provider's endpoints."""
        return [
            Route("/.well-known/openid-configuration", self._discovery, methods=["GET"]),
            Route("/authorize", self._authorize, methods=["GET", "POST"]),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo, methods=["GET"]),
            Route("/jwks", self._keys, methods=["GET"]),
        ]

    async def _discovery(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "scopes_supported": ["openid", "profile"],
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse(tokens.key_set(self.identity.key.public_key()))

    async def _authorize(self, request: Request) -> Response:
        """Show the page; when a citizen was chosen, send them back with a code."""
        given = {name: str(value) for name, value in request.query_params.items()}
        if request.method == "POST":
            given = {name: str(value) for name, value in (await request.form()).items()}
        if refusal := self._wrong(given, first=request.method == "GET"):
            return HTMLResponse(escape(refusal), 400)
        number = given.get("number", "").strip()
        if request.method == "GET" or number not in self.citizens:
            wrong = request.method == "POST"
            return HTMLResponse(self._page(given, wrong=wrong), 403 if wrong else 200)
        code = self.site.new_id()
        self._keep("code", code, json.dumps({**given, "number": number}), CODE_LIFE)
        answer = urlencode({"code": code, "state": given["state"], "iss": self.url})
        return RedirectResponse(f"{given['redirect_uri']}?{answer}", 303)

    def _wrong(self, given: Mapping[str, str], *, first: bool) -> str | None:
        """Why the request cannot even be answered by a redirection (OAuth 2.0 §4.1.2.1)."""
        if given.get("client_id") != self.client_id:
            return "client_id không đúng / unknown client"
        if given.get("redirect_uri") != f"{self.hub_url}{CALLBACK}":
            return "redirect_uri không đúng / not the registered address"
        if first and (given.get("response_type"), given.get("code_challenge_method")) != ("code", "S256"):
            return "chỉ nhận response_type=code với PKCE S256 / only the code flow with PKCE"
        missing = [name for name in _CARRIED if not given.get(name)]
        return f"thiếu {missing[0]} / missing" if missing else None

    def _page(self, given: Mapping[str, str], *, wrong: bool) -> str:
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(given[name])}">' for name in _CARRIED
        )
        adults = [one for one in self.citizens.values() if one.birth < "2000"][:20]
        people = "".join(f'<option value="{one.number}">{escape(one.full_name)}</option>' for one in adults)
        error = '<p class="error">Số định danh không có / No such personal number</p>' if wrong else ""
        return _PAGE.substitute(title=escape(self.title), hidden=hidden, people=people, error=error)

    async def _token(self, request: Request) -> Response:
        """A code, once, for tokens (OpenID Connect Core §3.1.3)."""
        if not self._is_client(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        form = {name: str(value) for name, value in (await request.form()).items()}
        kept = self._take("code", form.get("code", ""))
        if kept is None or form.get("grant_type") != "authorization_code":
            return JSONResponse({"error": "invalid_grant"}, 400)
        asked = json.loads(kept)
        proven = tokens.challenge(form.get("code_verifier", "")) == asked["code_challenge"]
        if form.get("redirect_uri") != asked["redirect_uri"] or not proven:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = self.site.new_id()
        self._keep("token", access, asked["number"], TOKEN_LIFE)
        claims = self.claims(self.citizens[asked["number"]], asked["nonce"])
        return JSONResponse(
            {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": int(TOKEN_LIFE.total_seconds()),
                "id_token": tokens.signed(claims, self.identity.key),
            },
            headers={"Cache-Control": "no-store"},
        )

    def claims(self, citizen: Citizen, nonce: str) -> dict[str, Any]:
        """What an id token says of a citizen."""
        now = int(self.clock().timestamp())
        times = {"iat": now, "auth_time": now, "exp": now + int(TOKEN_LIFE.total_seconds())}
        return {"iss": self.url, "aud": self.client_id, "nonce": nonce, **times, **_profile(citizen)}

    async def _userinfo(self, request: Request) -> Response:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        number = self._kept("token", token)
        if kind.lower() != "bearer" or number is None:
            return JSONResponse({"error": "invalid_token"}, 401, {"WWW-Authenticate": "Bearer"})
        return JSONResponse(_profile(self.citizens[number]))

    def _is_client(self, authorization: str) -> bool:
        kind, _, encoded = authorization.partition(" ")
        try:
            given, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        known = hmac.compare_digest(unquote(secret).encode(), self.client_secret.encode())
        return kind.lower() == "basic" and unquote(given) == self.client_id and known

    def _keep(self, kind: str, key: str, content: str, life: timedelta) -> None:
        until = (self.clock() + life).isoformat()
        with self.database.transaction() as sql:
            sql.execute("INSERT INTO ma_cap VALUES (?, ?, ?, ?)", (key, kind, content, until))

    def _kept(self, kind: str, key: str) -> str | None:
        row = self.database.row("SELECT * FROM ma_cap WHERE ma = ? AND loai = ?", (key, kind))
        over = row is None or self.clock() >= datetime.fromisoformat(row["het_han"])
        return None if row is None or over else str(row["noi_dung"])

    def _take(self, kind: str, key: str) -> str | None:
        """What was kept under a key; it is gone then."""
        with self.database.transaction() as sql:
            kept = self._kept(kind, key)
            sql.execute("DELETE FROM ma_cap WHERE ma = ? AND loai = ?", (key, kind))
        return kept


def _profile(citizen: Citizen) -> dict[str, str]:
    """The claims about a person; the personal number is the subject."""
    return {
        "sub": citizen.number,
        "name": citizen.full_name,
        "birthdate": citizen.birth,
        "gender": citizen.sex,
    }
