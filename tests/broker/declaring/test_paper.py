"""Forms and receipts on paper, made from real documents of a whole hub and read back by another library."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import aiohttp
import pypdf
from lxml import etree

from lienthong.demo.document import submission
from tests.broker.declaring.test_service import call, declaration
from tests.cases.test_insurance import insured, lump_sum
from tests.worlds import Stage, birth, stage


async def paper(world: Stage, path: str) -> tuple[int, str]:
    """Status, and pages with text of a PDF."""
    async with aiohttp.ClientSession(headers={"X-Api-Key": world.portal_key}) as session:
        response = await session.get(f"{world.url}/api/v1{path}")
        body = await response.read()
    if response.status != 200:
        return response.status, body.decode()
    reader = pypdf.PdfReader(io.BytesIO(body))
    assert len(reader.pages) <= 3
    return 200, " ".join("".join(page.extract_text() for page in reader.pages).split())


async def test_every_form_can_be_had_on_paper(tmp_path: Path) -> None:
    """The text of each form can be searched with its diacritics; what only the registrar gives stands as dots."""
    plain = birth()
    assert plain.mother is not None
    async with stage(tmp_path) as world:
        _, _, draft = await call(world, "POST", "/drafts", etree.tostring(declaration()))
        where = f"/drafts/{draft['Id']}"
        forms = {
            "registration": [
                "TỜ KHAI ĐĂNG KÝ KHAI SINH",
                " ".join(filter(None, plain.name or ())).upper(),
                "Người mẹ",
                "Dân tộc: Kinh",
                "10/11/2026",
            ],
            "residence": [
                "CT01",
                "TỜ KHAI THAY ĐỔI THÔNG TIN CƯ TRÚ",
                "Mối quan hệ với chủ hộ: Con đẻ",
                "Qua VNeID",
            ],
            "card": ["TK1-TS", "[01]. Họ và tên", "Nơi đăng ký khám, chữa bệnh ban đầu"],
            "identity-card": ["CẤP THẺ CĂN CƯỚC", "Ngày, tháng, năm sinh"],
            "declaration": ["TỜ KHAI ĐIỆN TỬ LIÊN THÔNG", plain.mother.full_name.rpartition(" ")[2]],
        }
        for step, wanted in forms.items():
            status, text = await paper(world, f"{where}/forms/{step}.pdf")
            assert status == 200, text
            for words in wanted:
                assert words in text, (step, text)
        assert (await paper(world, f"{where}/forms/nothing.pdf"))[0] == 404

        body = '{"OfficerId": "CB1", "Unit": "H1"}'
        _, _, receipt = await call(world, "POST", f"{where}/submission", body)
        code = receipt["DossierCode"]
        status, text = await paper(world, f"/dossiers/{code}/receipt.pdf")
        assert status == 200
        for words in ("Nộp hồ sơ thành công", code, "Hẹn trả kết quả", "Đăng ký thường trú"):
            assert words in text
        await world.finish(code)
        _, text = await paper(world, f"/dossiers/{code}/forms/residence.pdf")
        number = etree.fromstring(world.dossier(code).step("registration").result or b"")  # noqa: TID251
        assert (number.findtext("{*}PersonalNumber") or "-") in text.replace(" ", "")


async def test_the_forms_of_a_death(tmp_path: Path) -> None:
    """Removal of residence, three kinds of allowance and support, and the linked declaration: in the form's own order,
    with the list of survivors as a table, and no code where people have words.
    """
    one = insured("1", **lump_sum())
    one = dataclasses.replace(one, protection_funeral=one.registration)
    document = submission(one, message_id="message-0001", portal_code=None, officer="CB1", unit="H1")
    root = etree.fromstring(document).find("{*}DeathDeclaration")  # noqa: TID251 - the test's own reading
    assert root is not None
    name = one.deceased.full_name.upper()
    async with stage(tmp_path) as world:
        _, _, draft = await call(world, "POST", "/drafts", etree.tostring(root))
        forms = {
            "registration": ["TỜ KHAI ĐĂNG KÝ KHAI TỬ", name, "Đã chết vào lúc: 04:30", "Dân tộc: Kinh"],
            "residence-removal": ["CT01", "Xóa đăng ký thường trú", "Mối quan hệ với chủ hộ: Vợ, chồng"],
            "funeral-protection": ["Mẫu 04", "HỖ TRỢ CHI PHÍ MAI TÁNG", "Đối tượng bảo trợ xã hội"],
            "funeral-insurance": ["TRỢ CẤP MAI TÁNG", "Trường hợp: Đang hưởng lương hưu", "Tiền mặt"],
            "survivor-allowance": ["09-HSB", "Đồng ý qua VNeID", "Loại trợ cấp tuất: Một lần", "Anh, chị"],
            "pension-stop": ["DỪNG CHI TRẢ", "9. Số hồ sơ hưởng"],
            "declaration": ["Mẫu số 02", "Loại giấy tờ", "thân nhân thứ 2", one.applicant.full_name],
        }
        for step, wanted in forms.items():
            status, text = await paper(world, f"/drafts/{draft['Id']}/forms/{step}.pdf")
            assert status == 200, text
            for words in wanted:
                assert words in text, (step, text)
