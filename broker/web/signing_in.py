"""Sign-in over HTTP: to the identity provider and back, and the session that follows.

The session's token is given twice: in the answer, for applications that send it as ``Authorization: Bearer``, and as a
cookie that scripts cannot read and other sites cannot make a browser send (HttpOnly, SameSite=Strict).
"""

from __future__ import annotations

import json
from http.cookies import CookieError, SimpleCookie

from fastapi import APIRouter, Request, Response

from broker.declaring.signing_in import BEGUN_LIFE, SigningIn
from broker.errors import Forbidden
from broker.web import openapi
from broker.web.exchange import CITIZEN, CLIENT, App, Bounds, Receive, Scope, Send, headers_of
from broker.web.guard import Layer, unknown_caller

PREFIX = "/api/v1"
BEGUN_COOKIE = "lt-sign-in"
SESSION_COOKIE = "lt-session"
_LONGEST = 4096


class SigningInRest:
    """The resources of sign-in and session."""

    def __init__(self, signing_in: SigningIn, *, secure: bool) -> None:
        """``secure``: the hub is reached over TLS, and its cookies go over nothing else."""
        self._signing_in = signing_in
        self._secure = secure

    def router(self) -> APIRouter:
        """The routes, described for OpenAPI."""
        router = APIRouter(prefix=PREFIX, default_response_class=Response)
        for method, path, endpoint in (
            ("GET", "/sign-in", self.sign_in),
            ("GET", "/sign-in/callback", self.signed_in),
            ("GET", "/session", self.session),
            ("DELETE", "/session", self.sign_out),
        ):
            router.add_api_route(path, endpoint, methods=[method], **openapi.session_route(endpoint.__name__))
        return router

    async def sign_in(self, request: Request) -> Response:
        """Send the browser to the identity provider."""
        address, kept = await self._signing_in.begin()
        answer = Response(status_code=303, headers={"Location": address})
        self._cookie(answer, BEGUN_COOKIE, kept, int(BEGUN_LIFE.total_seconds()), f"{PREFIX}/sign-in", "lax")
        return answer

    async def signed_in(self, request: Request) -> Response:
        """Open a session for the citizen who comes back from the identity provider."""
        given = dict(request.query_params)
        if len(given) != len(request.query_params.multi_items()):
            raise Forbidden("Đăng nhập không thành công.", "A parameter is repeated.")
        kept = request.cookies.get(BEGUN_COOKIE, "")
        opened = await self._signing_in.finish(kept[:_LONGEST], given)
        members = {
            "Token": opened.token,
            "ExpiresAt": opened.until.isoformat(timespec="seconds"),
            "Name": opened.citizen.name,
        }
        answer = _json(members)
        left = int((opened.until - self._signing_in.now()).total_seconds())
        self._cookie(answer, BEGUN_COOKIE, "", 0, f"{PREFIX}/sign-in", "lax")
        self._cookie(answer, SESSION_COOKIE, opened.token, left, "/api", "strict")
        return answer

    async def session(self, request: Request) -> Response:
        """Whose session it is."""
        who = request.scope.get(CITIZEN)
        if who is None:
            raise unknown_caller()
        return _json({"Name": who.citizen.name, "BirthDate": who.citizen.birth_date})

    async def sign_out(self, request: Request) -> Response:
        """Close the session."""
        token = token_of(request.scope, Bounds())
        if token is not None:
            await self._signing_in.end(token)
        answer = Response(status_code=204)
        self._cookie(answer, SESSION_COOKIE, "", 0, "/api", "strict")
        return answer

    def _cookie(self, answer: Response, name: str, value: str, age: int, path: str, same_site: str) -> None:
        parts = [
            f"{name}={value}",
            f"Max-Age={age}",
            f"Path={path}",
            "HttpOnly",
            f"SameSite={same_site.title()}",
        ]
        answer.headers.append("Set-Cookie", "; ".join([*parts, "Secure"] if self._secure else parts))


def sessions(signing_in: SigningIn, bounds: Bounds) -> Layer:
    """Find out whose session it is, where no client's key was given. Nobody is refused here."""

    def layer(app: App) -> App:
        async def find(scope: Scope, receive: Receive, send: Send) -> None:
            token = None if scope.get(CLIENT) is not None else token_of(scope, bounds)
            scope[CITIZEN] = None if token is None else await signing_in.declarant(token)
            await app(scope, receive, send)

        return find

    return layer


def token_of(scope: Scope, bounds: Bounds) -> str | None:
    """The session's token that came with a request: of the Authorization field (RFC 6750), else of the cookie."""
    headers = headers_of(scope, bounds)
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return token.strip()
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return None
    return None if cookie is None else cookie.value or None


def _json(members: dict[str, str]) -> Response:
    return Response(json.dumps(members, ensure_ascii=False).encode(), media_type="application/json")
