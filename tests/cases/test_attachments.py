"""Papers: handed over once by their hash, named in the declaration, and received whole by the agency."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

import aiohttp

from lienthong.demo.parts import File
from tests.births import supplement
from tests.worlds import Stage, birth, stage, text

PAPER = b"%PDF-1.4\n% synthetic\n%%EOF\n"
HASH = hashlib.sha256(PAPER).hexdigest()
NAMED: File = ("birth-certificate-paper", "giay-chung-sinh.pdf", "application/pdf", len(PAPER), HASH)

PROOF = b"%PDF-1.4\n% where the child will live\n%%EOF\n"
PROOF_HASH = hashlib.sha256(PROOF).hexdigest()
DWELLING: File = ("dwelling-proof", "cho-o.pdf", "application/pdf", len(PROOF), PROOF_HASH)


async def _put(
    world: Stage, data: bytes, sha256: str, media_type: str = "application/pdf"
) -> aiohttp.ClientResponse:
    """Hand a file over as the portal does."""
    headers = {"X-Api-Key": world.portal_key, "Content-Type": media_type, "Accept": "application/xml"}
    async with aiohttp.ClientSession() as session:
        response = await session.put(f"{world.url}/api/v1/attachments/{sha256}", data=data, headers=headers)
        await response.read()
        return response


async def test_papers_reach_the_agencies(tmp_path: Path) -> None:
    """Papers are stored once; civil status gets all of them, the residence police the one about the dwelling."""
    async with stage(tmp_path) as world:
        assert (await _put(world, PAPER, HASH)).status == 201
        assert (await _put(world, PAPER, HASH)).status == 200
        assert (await _put(world, PROOF, PROOF_HASH)).status == 201
        code = await world.submit(birth(attachments=[NAMED, DWELLING]))
        assert set((await world.finish(code)).values()) == {"completed"}
        (record,) = world.sandbox.agency("hotich").desk.records(dossier=code)
        received = [(file["name"], file["sha256"]) for file in record.data["files"]]
        assert received == [(NAMED[1], HASH), (DWELLING[1], PROOF_HASH)]
        (record,) = world.sandbox.agency("cutru").desk.records(dossier=code)
        assert b64encode(PROOF).decode() in record.data["form"]
        assert HASH not in record.data["form"]


async def test_paper_that_was_never_handed_over(tmp_path: Path) -> None:
    """A declaration that names a file which nobody handed over is refused at the file, not when an agency wants it."""
    async with stage(tmp_path) as world:
        answer = await world.post(birth(attachments=[NAMED]))
        body = await answer.read()
        assert answer.status == 422
        assert text(body, "Field") == "Attachments/Attachment[1]/SHA256"
        assert NAMED[1] in text(body, "Vi")
        await _put(world, PAPER, HASH)
        assert (await world.post(birth(attachments=[NAMED]))).status == 202


async def test_paper_of_another_size(tmp_path: Path) -> None:
    """A declared size that is not the file's is refused: one of the two is another paper."""
    async with stage(tmp_path) as world:
        await _put(world, PAPER, HASH)
        answer = await world.post(birth(attachments=[(*NAMED[:3], len(PAPER) + 1, HASH)]))
        assert answer.status == 422
        assert text(await answer.read(), "Field") == "Attachments/Attachment[1]/Size"


async def test_file_that_is_not_what_it_says(tmp_path: Path) -> None:
    """Bytes that are not of the hash in the address, or not of the type, are not kept."""
    async with stage(tmp_path) as world:
        answer = await _put(world, PAPER + b" ", HASH)
        assert answer.status == 422
        assert text(await answer.read(), "Field") == "SHA256"
        answer = await _put(world, b"GIF89a", hashlib.sha256(b"GIF89a").hexdigest())
        assert answer.status == 422
        assert text(await answer.read(), "Field") == "MediaType"
        assert (await world.send("GET", f"/api/v1/attachments/{HASH}")).status == 404


async def test_paper_handed_in_later(tmp_path: Path) -> None:
    """An agency asks for a paper; the supplement names one that was not handed over, and then one that was (T24)."""
    async with stage(tmp_path) as world:
        asked = {"outcome": "supplement", "reason": "Bổ sung giấy chứng sinh", "times": 1}
        world.sandbox.agency("hotich").decisions.add(asked)
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("registration") == "supplement")
        path = f"/api/v1/dossiers/{code}/supplements"
        answer = await world.send("POST", path, supplement(code, "paper-is-missing", files=[NAMED]))
        assert answer.status == 422
        assert text(await answer.read(), "Field") == "Attachments/Attachment[1]/SHA256"
        await _put(world, PAPER, HASH)
        answer = await world.send("POST", path, supplement(code, "paper-is-there", files=[NAMED]))
        assert answer.status == 202, await answer.text()
        assert set((await world.finish(code)).values()) == {"completed"}
        *_, last = world.sandbox.agency("hotich").desk.records(dossier=code)
        assert [file["sha256"] for file in last.data["files"]] == [HASH]


async def test_correction_that_an_agency_cannot_take(tmp_path: Path) -> None:
    """What an agency asked for is a paper or words: a corrected field has no way to it and is not dropped silently."""
    async with stage(tmp_path) as world:
        world.sandbox.agency("hotich").decisions.add(
            {"outcome": "supplement", "reason": "Bổ sung", "times": 1}
        )
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("registration") == "supplement")
        document = supplement(code, "corrected-late", {"Child/Name/Given": "Ân"})
        answer = await world.send("POST", f"/api/v1/dossiers/{code}/supplements", document)
        body = await answer.read()
        assert answer.status == 422
        assert text(body, "Field") == "Correction[1]/Field"
        assert world.states(code)["registration"] == "supplement"
