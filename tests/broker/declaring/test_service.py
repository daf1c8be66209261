"""What a portal does while a citizen declares, over real HTTP against a whole hub."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from lxml import etree

from lienthong.demo.document import submission
from tests.worlds import Stage, birth, stage, text, texts


def declaration(**changes: Any) -> etree._Element:
    """The declaration of a plain birth, with the code of its certificate."""
    plain = birth(**{"certificate": "00001.GCS.01005.26", **changes})
    document = submission(plain, message_id="message-0001", portal_code=None, officer="CB1", unit="H1")
    found = etree.fromstring(document).find("{*}BirthDeclaration")  # noqa: TID251 - the test's own reading
    assert found is not None
    return found


async def call(
    world: Stage, method: str, path: str, body: bytes | str | None = None, **headers: str
) -> tuple[int, Mapping[str, str], Any]:
    """A call of the portal with JSON answers."""
    kind = "application/xml" if isinstance(body, bytes) else "application/json"
    fields = {"X-Api-Key": world.portal_key, "Accept": "application/json", "Content-Type": kind}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = io.BytesIO(body) if isinstance(body, bytes) else body
    async with aiohttp.ClientSession() as session:
        response = await session.request(method, world.url + "/api/v1" + path, data=data, headers=fields)
        content = await response.read()
        return response.status, response.headers, json.loads(content) if content else None


async def handed_in(world: Stage, where: str, root: etree._Element) -> None:
    """Hand a draft in, twice, and find one dossier in its receipt, in the list and later."""
    status, _, receipt = await call(
        world, "POST", f"{where}/submission", '{"OfficerId": "CB1", "Unit": "H1"}'
    )
    assert (status, receipt["Message"]) == (201, "Nộp hồ sơ thành công")
    assert [step["Delivery"] for step in receipt["Step"]][:2] == ["Bản điện tử", "Bưu chính công ích"]
    assert receipt["Qr"].startswith("<svg")
    again = await call(world, "POST", f"{where}/submission", "{}")
    assert (again[0], again[2]["DossierCode"]) == (200, receipt["DossierCode"])
    assert again[2]["Duplicate"] is True
    status, _, _ = await call(world, "PUT", where, etree.tostring(root), If_Match='"4"')
    assert status == 412

    _, _, listed = await call(world, "GET", "/drafts")
    assert [item["DossierCode"] for item in listed["Item"]] == [receipt["DossierCode"]]
    _, _, kept = await call(world, "GET", where)
    assert "BirthDeclaration" not in kept
    _, _, later = await call(world, "GET", f"/dossiers/{receipt['DossierCode']}/receipt")
    assert later["Due"] == receipt["Due"]
    await world.finish(receipt["DossierCode"])


async def test_from_an_empty_draft_to_a_receipt(tmp_path: Path) -> None:
    """A draft may be empty, is mended until the review finds nothing, and becomes one dossier however often it is
    submitted; the receipt names code, appointment, agencies and how each result is handed over (T31).
    """
    async with stage(tmp_path) as world:
        status, headers, draft = await call(world, "POST", "/drafts", '{"BirthDeclaration": {}}')
        assert status == 201
        assert headers["ETag"] == '"1"'
        assert {problem["Field"] for problem in draft["Problem"]} >= {"Choices", "Applicant", "Child"}
        where = f"/drafts/{draft['Id']}"

        root = declaration(name=("Trịnh", "Minh", "A" * 31))
        for delivery, choice in zip(
            root.iterfind(".//{*}ResultDelivery"), ("electronic", "post"), strict=False
        ):
            delivery.text = choice
        status, _, _ = await call(world, "PUT", where, etree.tostring(root))
        assert status == 428
        status, headers, draft = await call(world, "PUT", where, etree.tostring(root), If_Match='"1"')
        assert (status, headers["ETag"], draft.get("Problem")) == (200, '"2"', None)
        status, _, problems = await call(world, "PUT", where, etree.tostring(root), If_Match='"1"')
        assert (status, problems["Reason"]) == (412, "changed-meanwhile")

        _, _, review = await call(world, "POST", f"{where}/review")
        assert review["Ready"] is False
        (problem,) = review["Problem"]
        assert (problem["Field"], problem["Step"]) == ("Child/Name/Given", ["registration"])
        assert "31 > 30" in problem["Vi"]
        status, _, problems = await call(
            world, "POST", f"{where}/submission", '{"OfficerId": "CB1", "Unit": "H1"}'
        )
        assert (status, problems["Problem"][0]["Field"]) == (422, "Child/Name/Given")

        root.find("{*}Child/{*}Name/{*}Given").text = "An"
        await call(world, "PUT", where, etree.tostring(root), If_Match='"2"')
        _, _, review = await call(world, "POST", f"{where}/review")
        assert (review["Ready"], review.get("Problem")) == (True, None)
        assert [form["Step"] for form in review["AgencyForm"]] == [
            "registration",
            "residence",
            "card",
            "identity-card",
        ]
        residence = {line["Path"]: line for line in review["AgencyForm"][1]["Line"]}
        assert residence["HoTen"]["Value"] == "TRỊNH MINH AN"
        assert residence["SoDinhDanh"]["Pending"] is True
        assert residence["ChuHo/HoTen"]["Field"] == "Household/HeadName"

        await handed_in(world, where, root)


async def test_over_soap(tmp_path: Path) -> None:
    """The review of a whole declaration and the procedures of a day can be asked for over SOAP."""
    async with stage(tmp_path) as world:
        inner = (
            b"<ReviewRequest xmlns='urn:lienthong:1.0'>" + etree.tostring(declaration()) + b"</ReviewRequest>"
        )
        answer = await soap(world, "Review", inner)
        assert text(answer, "Ready") == "true"
        assert len(list(texts(answer, "Document"))) == 4
        answer = await soap(world, "Procedures", b"<ProceduresRequest xmlns='urn:lienthong:1.0'/>")
        assert "birth" in list(texts(answer, "Process"))


async def test_what_a_step_costs_and_needs(tmp_path: Path) -> None:
    """The procedures of a day say for each step its fee in đồng with words, and its papers by kind."""
    async with stage(tmp_path) as world:
        _, _, answer = await call(world, "GET", "/procedures?on=2026-11-23")
        steps = {step["Id"]: step for process in answer["Procedure"] for step in process["Step"]}
        assert steps["residence"]["Fee"]["Amount"] == 0
        assert "miễn" in steps["residence"]["Fee"]["Vi"]
        papers = {kind: paper for paper in steps["residence"]["Paper"] for kind in paper["Kind"]}
        assert papers["residence-consent"]["Required"] is True
        assert papers["dwelling-proof"]["Required"] is False
        assert steps["survivor-allowance"]["Paper"][0]["Kind"] == ["survivors-form"]
        assert all("Fee" in step for step in steps.values())


async def soap(world: Stage, operation: str, inner: bytes) -> etree._Element:
    """The body of the answer to a SOAP 1.1 call of the portal."""
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    envelope = f"<s:Envelope xmlns:s='{space}'><s:Body>".encode() + inner + b"</s:Body></s:Envelope>"
    headers = {
        "X-Api-Key": world.portal_key,
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"urn:lienthong:1.0/{operation}"',
    }
    async with aiohttp.ClientSession() as session:
        response = await session.post(world.url + "/soap/intake", data=envelope, headers=headers)
        body = await response.read()
        assert response.status == 200, body.decode()
        return etree.fromstring(body)  # noqa: TID251 - the test's own reading
