"""A citizen signs in at the identity provider and declares without a portal: real HTTP all the way."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
from lxml import etree

from tests.broker.declaring.test_service import declaration
from tests.worlds import Stage, birth, stage

AGENCIES = ("dancu", "hotich", "cutru", "bhxh", "cancuoc", "vneid")


async def callback(world: Stage, browser: aiohttp.ClientSession, number: str) -> str:
    """The address at which the provider sends a citizen back, who has chosen that number on its page."""
    begun = await browser.get(f"{world.url}/api/v1/sign-in", allow_redirects=False)
    assert begun.status == 303
    assert "HttpOnly" in begun.headers["Set-Cookie"]
    page = await browser.get(begun.headers["Location"])
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', await page.text()))
    chosen = await browser.post(
        f"{world.sandbox.url('vneid')}/authorize", data={**fields, "number": number}, allow_redirects=False
    )
    assert chosen.status == 303, await chosen.text()
    return chosen.headers["Location"]


async def test_a_citizen_declares_alone(tmp_path: Path) -> None:
    """Signed in, a citizen keeps drafts and hands one in; nobody else sees any of it; the session ends in time."""
    plain = birth()
    assert plain.mother is not None
    assert plain.father is not None
    async with stage(tmp_path) as world, browser() as mother, browser() as father:
        answer = await mother.get(await callback(world, mother, plain.mother.number))
        opened = await answer.json()
        assert (answer.status, opened["Name"]) == (200, plain.mother.full_name)
        cookies = "; ".join(answer.headers.getall("Set-Cookie"))
        assert "SameSite=Strict" in cookies
        own = {"Authorization": f"Bearer {opened['Token']}"}
        others = await (await father.get(await callback(world, father, plain.father.number))).json()
        other = {"Authorization": f"Bearer {others['Token']}"}

        api = world.url + "/api/v1"
        kept = await mother.post(
            f"{api}/drafts",
            data=etree.tostring(declaration()),
            headers={**own, "Content-Type": "application/xml", "Accept": "application/json"},
        )
        draft = f"{api}/drafts/{(await kept.json())['Id']}"
        assert (await mother.get(draft)).status == 200, "the cookie is as good as the token"
        async with browser() as nobody:
            assert (await nobody.get(draft)).status == 401
            assert (await nobody.get(draft, headers=other)).status == 404
            assert (await nobody.get(draft, headers={"X-Api-Key": world.portal_key})).status == 404
            receipt = await nobody.post(f"{draft}/submission", headers=own)
            assert receipt.status == 201, await receipt.text()
            code = (await receipt.json())["DossierCode"]
            assert (await nobody.post(f"{draft}/submission", headers=own)).status == 200
            assert (await nobody.get(f"{api}/dossiers/{code}/receipt", headers=own)).status == 200
            assert (await nobody.get(f"{api}/dossiers/{code}/receipt", headers=other)).status == 404
            assert (await nobody.get(f"{api}/dossiers/{code}", headers=own)).status == 200
            assert (await nobody.get(f"{api}/dossiers/{code}", headers=other)).status == 404
            dossier = world.dossier(code)
            assert (dossier.sender, plain.mother.number in dossier.officer) == ("cong-dan", False)
            world.clock.advance(minutes=31)
            assert (await nobody.get(draft, headers=own)).status == 401


async def test_a_sign_in_belongs_to_the_browser_that_began_it(tmp_path: Path) -> None:
    """A forged state, a code without cookie, one used twice, one that is too late or made up: all are refused."""
    async with stage(tmp_path) as world, browser() as mine, browser() as victim:
        number = birth().applicant.number
        back = await callback(world, mine, number)
        assert (await victim.get(back)).status == 403, "no cookie of this sign-in"
        given = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
        address = back.partition("?")[0]
        for changed in ({"state": "x" * 43}, {"code": "made-up"}, {"iss": "https://evil.example"}):
            back = await callback(world, mine, number)
            given = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
            answer = await mine.get(address, params={**given, **changed})
            assert answer.status == 403, changed
        back = await callback(world, mine, number)
        assert (await mine.get(back)).status == 200
        assert (await mine.get(back)).status == 403, "the cookie is gone, and the code with it"
        back = await callback(world, mine, number)
        world.clock.advance(seconds=timedelta(minutes=11).total_seconds())
        assert (await mine.get(back)).status == 403
        await world.sandbox.agency("vneid").set_down(True)
        assert world.hub.check() == []


def browser() -> aiohttp.ClientSession:
    """A browser that keeps cookies, also of an address without a name."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
