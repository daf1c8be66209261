"""What police type in at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core.xml import parse, text
from sandbox.cutru import CuTru

if TYPE_CHECKING:
    Client = Any

NS = "urn:bca:cutru:ct01:1.0"


async def test_what_was_typed_in_at_the_counter(client: Client, agency: CuTru, form: etree._Element) -> None:
    """A declaration on paper is in the list under the agency's own code alone; nobody is told of it."""
    code = agency.type_in(form)
    asked = parse(
        f'<CauHoiDanhSach xmlns="{NS}"><TuThoiDiem>2026-11-23T00:00:00+07:00</TuThoiDiem>'
        "<DenThoiDiem>2026-11-24T00:00:00+07:00</DenThoiDiem></CauHoiDanhSach>".encode()
    )
    answer = await client.call("DanhSachHoSo", asked)
    assert (text(answer, "HoSo/MaHoSo"), text(answer, "HoSo/MaHoSoLienThong")) == (code, "")
    assert text(answer, "HoSo/MaGiaoDich") == ""
    await agency.tick()
    assert agency.callbacks.all() == []
