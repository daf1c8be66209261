"""The portal as the hub sees it: it takes states in, in their legal order, over signed XML."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.core.agency import Agency, plain
from sandbox.core.dsig import BadSignature, verify_enveloped
from sandbox.core.keys import NoTrust
from sandbox.core.readable import VIETNAM, readable
from sandbox.core.schema import schema
from sandbox.core.xml import NotXml, add_all, local_name, parse, serialize, text
from sandbox.dvcqg import states
from sandbox.dvcqg.states import Ruling, rule

NAMESPACE = "urn:dvcqg:trangthai:1.0"
API_KEY = "sandbox-dvcqg-key"
LEEWAY = timedelta(minutes=5)
SCHEMA = """
CREATE TABLE IF NOT EXISTS trang_thai (
    id INTEGER PRIMARY KEY, so_ho_so TEXT NOT NULL, co_quan INTEGER NOT NULL, trang_thai INTEGER NOT NULL,
    thoi_gian TEXT NOT NULL, ma_tthc TEXT NOT NULL, ma_ho_so TEXT NOT NULL, khoa TEXT NOT NULL UNIQUE,
    noi_dung TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS kho (
    id INTEGER PRIMARY KEY, chu_kho TEXT NOT NULL, so_ho_so TEXT NOT NULL, co_quan INTEGER NOT NULL, ten TEXT NOT NULL,
    so TEXT NOT NULL, ma_bam TEXT NOT NULL, khoa TEXT NOT NULL UNIQUE, UNIQUE (so_ho_so, co_quan, ten)
);
CREATE INDEX IF NOT EXISTS trang_thai_ho_so ON trang_thai (so_ho_so, co_quan, id);
"""
AGENCIES = {
    0: "Toàn hồ sơ",
    5: "Tư pháp – hộ tịch",
    6: "Cư trú",
    7: "Bảo hiểm xã hội",
    8: "Căn cước",
    9: "Bảo trợ xã hội",
}


class DVCQG(Agency):
    """National public service portal. Endpoint ``POST /api/trangthai``; what it knows at ``/_control/states``."""

    name = "dvcqg"
    title = "Cổng Dịch vụ công quốc gia"
    english = "National public service portal"
    schema = SCHEMA

    def prepare(self) -> None:
        """Load the contract."""
        self.contract = schema(self.contract_folder / "trangthai.xsd")
        self.api_key = str(self.site.options.get("api_key", API_KEY))

    def routes(self) -> Sequence[BaseRoute]:
        """The intake of states, and what became of them."""
        return [
            Route("/api/trangthai", self._receive, methods=["POST"]),
            Route("/api/ketqua", self._receive, methods=["POST"]),
            Route("/_control/states", self._states, methods=["GET"]),
            Route("/_control/store", self._stored, methods=["GET"]),
        ]

    def reply_names(self) -> list[str]:
        """Local names of the replies in the contract."""
        return ["PhanHoi"]

    def history(self, dossier: str, agency: int, part: str | None = None) -> list[int]:
        """The states accepted for one agency of a dossier, oldest first; perhaps only of one part (maHoSo) there."""
        rows = self.database.rows(
            "SELECT trang_thai FROM trang_thai "
            "WHERE so_ho_so = ?1 AND co_quan = ?2 AND (?3 IS NULL OR ma_ho_so = ?3) ORDER BY id",
            (dossier, agency, part),
        )
        return [row["trang_thai"] for row in rows]

    async def _receive(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), self.api_key.encode()):
            return plain("X-Api-Key không đúng / wrong X-Api-Key", 401)
        if request.headers.get("content-type", "").split(";")[0].strip() not in (
            "application/xml",
            "text/xml",
        ):
            return plain("Content-Type: application/xml", 415)
        try:
            document = parse(await request.body())
        except NotXml as error:
            return plain(f"Không phải XML / not XML: {error}", 400)
        return self._reply(document, self._judge(document))

    def _judge(self, document: etree._Element) -> Ruling:
        """Signature first; then only what was signed is read."""
        try:
            signed = verify_enveloped(document, self.hub_public(), self.clock())
        except (BadSignature, NoTrust) as error:
            return Ruling(states.WRONG_SIGNATURE, f"Chữ ký số không hợp lệ: {error}")
        errors = self.contract.errors(signed)
        if errors:
            return Ruling(states.WRONG_DATA, f"Dữ liệu có định dạng không đúng: {'; '.join(errors)}"[:1000])
        if local_name(signed) == "KetQuaHoSo":
            return self._keep(signed)
        wrong = _wrong_field(signed, self.clock())
        if wrong is not None:
            return Ruling(states.WRONG_DATA, wrong)
        with self.database.transaction():
            return self._take(signed)

    def _keep(self, signed: etree._Element) -> Ruling:
        """Put a result into the citizen's electronic store; a newer one of the same name replaces the older."""
        key, dossier = text(signed, "khoaGiaoDich"), text(signed, "soHoSoLT")
        data = base64.b64decode(text(signed, "tepKetQua/noiDung"))
        digest = text(signed, "tepKetQua/maBam")
        if data and hashlib.sha256(data).hexdigest() != digest:
            return Ruling(states.WRONG_DATA, "maBam không khớp với nội dung tệp")
        title = text(signed, "tenKetQua")
        values = (text(signed, "soDinhDanhChuKho"), dossier, int(text(signed, "coQuanXuLy")), title)
        with self.database.transaction() as sql:
            if self.desk.take(key, dossier, "KetQuaHoSo", readable("KetQuaHoSo", signed), title=title).again:
                return Ruling(states.KNOWN, "Kết quả đã tồn tại trong kho")
            self.desk.effect(key, title)
            sql.execute(
                "INSERT OR REPLACE INTO kho (chu_kho, so_ho_so, co_quan, ten, so, ma_bam, khoa) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, text(signed, "soKetQua"), digest, key),
            )
        return Ruling(states.OK, "Lưu kho thành công")

    def store(self, dossier: str | None = None) -> list[dict[str, Any]]:
        """What the electronic store holds, in the order in which it came; perhaps only of one dossier."""
        rows = self.database.rows(
            "SELECT * FROM kho WHERE (?1 IS NULL OR so_ho_so = ?1) ORDER BY id", (dossier,)
        )
        return [dict(zip(row.keys(), row, strict=True)) for row in rows]

    def _take(self, signed: etree._Element) -> Ruling:
        key, dossier = text(signed, "khoaGiaoDich"), text(signed, "soHoSoLT")
        agency, state = int(text(signed, "coQuanXuLy")), int(text(signed, "trangThai"))
        content = readable("TrangThaiHoSo", signed)
        known = self.desk.find(key)
        if known is not None and known.content != content:
            return Ruling(states.WRONG_DATA, "khoaGiaoDich đã dùng cho trạng thái khác")
        if known is not None:
            self.desk.take(key, dossier, "TrangThaiHoSo", content)
            return Ruling(states.KNOWN, f"Trạng thái {state} đã tồn tại trong một cửa")
        ruling = rule(self.history(dossier, agency, text(signed, "maHoSo")), state)
        if ruling.code == states.KNOWN and text(signed, "ngayHenTraMoi"):
            # The state is known; that the appointment was moved is news.
            self.desk.take(key, dossier, "TrangThaiHoSo", content, title="Hẹn lại ngày trả")
            self.desk.effect(key, f"Hẹn lại {text(signed, 'ngayHenTraMoi')}")
            return Ruling(states.OK, "Cập nhật ngày hẹn trả thành công")
        if ruling.code == states.OK:
            self._store(signed, key, dossier, agency, state, content)
        return ruling

    def _store(
        self, signed: etree._Element, key: str, dossier: str, agency: int, state: int, content: str
    ) -> None:
        title = f"{AGENCIES[agency]}: trạng thái {state}"
        self.desk.take(key, dossier, "TrangThaiHoSo", content, title=title)
        self.desk.effect(key, title)
        values = (
            text(signed, "thoiGianThucHien"),
            text(signed, "maTTHC"),
            text(signed, "maHoSo"),
            key,
            content,
        )
        with self.database.transaction() as sql:
            sql.execute(
                "INSERT INTO trang_thai "
                "(so_ho_so, co_quan, trang_thai, thoi_gian, ma_tthc, ma_ho_so, khoa, noi_dung) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (dossier, agency, state, *values),
            )

    def _reply(self, document: etree._Element, ruling: Ruling) -> Response:
        root = etree.Element(f"{{{NAMESPACE}}}PhanHoi", nsmap={"tt": NAMESPACE})
        add_all(root, maLoi=ruling.code, moTa=ruling.text)
        # Echoed only from documents that kept the contract: others could make the answer break it.
        if ruling.code not in (states.WRONG_DATA, states.WRONG_SIGNATURE):
            for name in ("soHoSoLT", "coQuanXuLy", "trangThai"):
                if text(document, name):
                    add_all(root, **{name: text(document, name)})
        add_all(root, maVet=self.site.new_id())
        return Response(serialize(root), 200, media_type="application/xml; charset=utf-8")

    async def _stored(self, request: Request) -> JSONResponse:
        return JSONResponse(self.store(request.query_params.get("dossier")))

    async def _states(self, request: Request) -> JSONResponse:
        rows = self.database.rows("SELECT * FROM trang_thai ORDER BY id")
        return JSONResponse([dict(zip(row.keys(), row, strict=True)) for row in rows])


def _wrong_field(signed: etree._Element, now: datetime) -> str | None:
    """Rules beyond the schema: a supplement has a deadline, a result a text, nothing is done tomorrow."""
    state = int(text(signed, "trangThai"))
    if state == states.SUPPLEMENT and not text(signed, "hanBoSungHoSo"):
        return "hanBoSungHoSo không được để trống khi yêu cầu bổ sung"
    if state == states.RESULT and not text(signed, "ketQuaXuLy"):
        return "ketQuaXuLy không được để trống khi đã có kết quả"
    try:
        done = datetime.strptime(text(signed, "thoiGianThucHien"), "%d/%m/%Y %H:%M:%S").replace(
            tzinfo=VIETNAM
        )
    except ValueError:
        return "thoiGianThucHien có định dạng không đúng"
    return "thoiGianThucHien ở tương lai" if done > now + LEEWAY else None
