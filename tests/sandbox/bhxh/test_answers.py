"""Documents that the gateway answers and sends."""

from __future__ import annotations

from datetime import UTC, date, datetime

from lxml import etree

from sandbox.bhxh import answers
from sandbox.bhxh.card import Card
from sandbox.core.agency import default_contracts
from sandbox.core.fields import structure_schema
from sandbox.core.xml import text

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
HEAD = {
    "MA_TB": "TB1",
    "MA_GD": "B-1",
    "MA_GD_DOITAC": "k",
    "MA_HSLT": "G22.99.08-261123-000001",
    "LOAI_HS": "TK1",
}


def problems(root: etree._Element) -> list[object]:
    """What the contract says against a document."""
    schema = structure_schema(default_contracts() / "bhxh" / "1.0" / "bhxh.xsd")
    return [*schema.errors(root), *schema.field_errors(root)]


def test_a_receipt() -> None:
    """Vietnam time in 14 characters; no MaGD if nothing was taken in."""
    root = answers.receipt("205", "Không phải base64", NOW, field="fileBase64Str")
    assert text(root, "ThoiGianTiepNhan") == "20261123120000"
    assert root.find("MaGD") is None
    assert problems(root) == []


def test_a_supplement() -> None:
    """Words and deadline."""
    root = answers.result("1", HEAD, "03", NOW)
    answers.say(root, "Thiếu ảnh", NOW)
    assert text(root[0], "HAN_BOSUNG") == "20261123"
    assert problems(root) == []


def test_a_card(form: etree._Element) -> None:
    """Number, level, validity and facility."""
    root = answers.result("1", HEAD, "05", NOW)
    answers.say_card(root, form[0], Card("0112345678", "01", date(2026, 11, 20), NOW))
    assert text(root[0], "MA_THE") == "TE1010112345678"
    assert text(root[0], "MA_CSKCB") == "01001"
    assert problems(root) == []
