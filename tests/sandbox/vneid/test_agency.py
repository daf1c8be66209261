from __future__ import annotations

from pathlib import Path

import aiohttp

from sandbox import Sandbox
from sandbox.vneid import VNeID, tokens

HUB = "http://127.0.0.1:9"
ASKED = {
    "response_type": "code",
    "client_id": "lienthong",
    "redirect_uri": f"{HUB}/api/v1/sign-in/callback",
    "state": "s",
    "nonce": "n",
    "code_challenge": tokens.challenge("v" * 43),
    "code_challenge_method": "S256",
}


async def test_only_for_the_registered_client_with_proof(tmp_path: Path) -> None:
    """Another client, address or flow is refused; a code counts once, with the verifier and the client's secret."""
    async with Sandbox(tmp_path, hub_url=HUB, agencies=("vneid",)) as box, aiohttp.ClientSession() as session:
        provider = box.agency("vneid")
        assert isinstance(provider, VNeID)
        for changed in (
            {"client_id": "x"},
            {"redirect_uri": "http://evil.example"},
            {"response_type": "token"},
        ):
            answer = await session.get(f"{provider.url}/authorize", params={**ASKED, **changed})
            assert answer.status == 400
        number = next(iter(provider.citizens))
        unknown = await session.post(f"{provider.url}/authorize", data={**ASKED, "number": "000000000000"})
        assert unknown.status == 403

        async def exchanged(verifier: str, secret: str, *, twice: bool = False) -> list[int]:
            chosen = await session.post(
                f"{provider.url}/authorize", data={**ASKED, "number": number}, allow_redirects=False
            )
            code = chosen.headers["Location"].partition("code=")[2].partition("&")[0]
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": ASKED["redirect_uri"],
                "code_verifier": verifier,
            }
            auth = {"Authorization": aiohttp.encode_basic_auth("lienthong", secret)}
            answers = [
                await session.post(f"{provider.url}/token", data=form, headers=auth) for _ in range(1 + twice)
            ]
            if answers[0].status == 200:
                access = (await answers[0].json())["access_token"]
                headers = {"Authorization": f"Bearer {access}"}
                person = await session.get(f"{provider.url}/userinfo", headers=headers)
                assert (await person.json())["sub"] == number
            return [answer.status for answer in answers]

        assert await exchanged("v" * 43, provider.client_secret, twice=True) == [200, 400]
        assert await exchanged("w" * 43, provider.client_secret) == [400]
        assert await exchanged("v" * 43, "wrong") == [401]
        assert (await session.get(f"{provider.url}/userinfo")).status == 401
