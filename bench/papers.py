"""The documents that travel: numbered declarations of one couple, and what the two agencies answer.

The number is in the child's birth certificate, so a message that was lost, doubled or mixed up shows. The couple is
always the same, so answers are signed once and serve for all.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import date, timedelta

from lxml import etree

from adapters import contract, soap
from adapters.payload import to_body
from bench.scene import Scene
from broker.clock import random_id, system_clock
from lienthong.demo.document import Birth, Head, submission
from lienthong.demo.parts import Parent, Place
from signing.keys import Signer
from signing.xml import parse, serialize
from signing.xmlsig.wss import sign_envelope
from signing.xmlsig.xmldsig import sign_enveloped

_HOME = Place("01", "00070", "Số 12, ngõ 34, phố Hàng Bài, tổ dân phố số 5")
_MOTHER = Parent("Nguyễn", "Thị Thanh", "Hương", "1996-03-14", "001196004217", "01", _HOME)
_FATHER = Parent("Trần", "Quang", "Dũng", "1994-11-02", "001094011873", "01", _HOME)
_NUMBERED = re.compile(rb"<maGCS>(\d{5})\.GCS\.(\d{5})\.")
_ANSWERED = "20261122150000"
_VALID = timedelta(minutes=5)


def index_of(document: bytes) -> int:
    """The number of the declaration that a message to civil status is about. Raises ValueError."""
    found = _NUMBERED.search(document)
    if found is None:
        raise ValueError("no birth certificate in the message")
    return int(found[1]) + 100_000 * int(found[2])


def declaration(index: int) -> bytes:
    """SubmitRequest number ``index``, unsigned."""
    today = date.today()  # noqa: DTZ011 - the hub refuses a birth that lies too far back
    birth = Birth(
        sex="2",
        born=today.replace(day=1),
        birth_place=_HOME,
        registration=_HOME,
        applicant=_MOTHER,
        relation="mother",
        name=("Trần", "Nguyễn Bảo", "Châu"),
        mother=_MOTHER,
        father=_FATHER,
        residence=_HOME,
        head=Head(_FATHER.full_name, _FATHER.number),
        insurance=_HOME,
        certificate=f"{index % 100_000:05d}.GCS.{index // 100_000:05d}.{today:%y}",
    )
    return submission(
        birth,
        message_id=f"bench-{index:08d}",
        portal_code=f"G22.99-{index:06d}",
        officer="CB000001",
        unit="H01.001",
    )


def envelope(index: int, signer: Signer) -> bytes:
    """Declaration number ``index`` as the portal posts it: signed, in a SOAP 1.1 envelope."""
    root = parse(declaration(index))
    sign_enveloped(root, signer)
    return serialize(soap.build("1.1", root))


@dataclasses.dataclass(frozen=True)
class Answers:
    """What the agencies say to everybody, signed; those of the register are good for five minutes."""

    token: bytes
    receipt: bytes
    confirmed: bytes
    records: dict[bytes, bytes]
    """Personal number → record."""

    def to(self, request: bytes) -> bytes:
        """The answer to a SOAP request. Raises ValueError for one that nobody expects."""
        if b"nhanHoSoDKHT" in request:
            return self.receipt
        if b"layToken" in request:
            return self.token
        if b"XacThucThongTinCongDan" in request:
            return self.confirmed
        for number, record in self.records.items():
            if number in request:
                return record
        raise ValueError("the bench's agencies do not know this request")


def answers(scene: Scene) -> Answers:
    """Prepare all answers, valid for the agencies' contracts."""
    return Answers(
        token=_by_office(scene, "layToken", _TOKEN),
        receipt=_by_office(scene, "nhanHoSoDKHT", _RECEIPT),
        confirmed=_by_register(scene, "XacThucThongTinCongDan", _CONFIRMED),
        records={
            person.number.encode(): _by_register(scene, "TraCuuThongTinCongDan", _record(person, sex))
            for person, sex in ((_MOTHER, "2"), (_FATHER, "1"))
        },
    )


def accessor(message: bytes) -> etree._Element:
    """The part of an rpc message as a document of its own, which is what its sender signed."""
    body = soap.read(parse(message)).body
    assert body is not None
    return parse(serialize(next(body.iterchildren(etree.Element))))


def payload(answer: bytes, element: str) -> etree._Element:
    """The document called ``element`` in an answer, as the mapping reads it."""
    body = soap.read(parse(answer)).body
    assert body is not None
    inner = body if body.tag == element else next(body.iterchildren(etree.Element))
    root = etree.Element(element, nsmap={"d": etree.QName(element).namespace or ""})
    root.text, root[:] = inner.text, list(inner)
    root.attrib.update(inner.attrib)
    return parse(serialize(root))


def _by_office(scene: Scene, operation: str, document: str) -> bytes:
    output = _output(scene, "hotich/1.0/hotich.wsdl", operation)
    body = to_body(output, parse(document.encode()), lambda root: sign_enveloped(root, scene.office))
    return serialize(soap.build("1.1", body))


def _by_register(scene: Scene, operation: str, document: str) -> bytes:
    output = _output(scene, "dancu/1.0/dancu.wsdl", operation)
    envelope = soap.build("1.1", to_body(output, parse(document.encode())))
    sign_envelope(envelope, scene.register, created=system_clock(), ttl=_VALID, new_id=random_id)
    return serialize(envelope)


def _output(scene: Scene, wsdl: str, operation: str) -> contract.Message:
    output = contract.load(scene.folder / "xsd", wsdl).operation(operation).output
    assert output is not None
    return output


_HOTICH = "urn:botuphap:hotich:lienthong:1.0"
_DANCU = "http://www.mic.gov.vn/dancu/1.0"

_TOKEN = f'<h:KetQuaToken xmlns:h="{_HOTICH}"><token>bench</token><thoiHan>86400</thoiHan></h:KetQuaToken>'
_RECEIPT = (
    f'<h:KetQuaXuLy xmlns:h="{_HOTICH}"><status>1</status>'
    "<statusDescription>Tiếp nhận hồ sơ thành công</statusDescription></h:KetQuaXuLy>"
)
_CONFIRMED = (
    f'<d:KetQuaXacThuc xmlns:d="{_DANCU}"><d:MaYeuCau>bench</d:MaYeuCau><d:KetQua>1</d:KetQua>'
    f"<d:GhiChu>Thông tin khớp</d:GhiChu><d:ThoiDiemDuLieu>{_ANSWERED}</d:ThoiDiemDuLieu></d:KetQuaXacThuc>"
)


def _record(person: Parent, sex: str) -> str:
    name = (person.family or "", person.middle or "", person.given)
    family, middle, given = (part.upper() for part in name)
    home = person.residence
    return (
        f'<d:CongdanCollection xmlns:d="{_DANCU}" SoCongDan="1" GhiChu="Tìm thấy công dân"'
        f' ThoiDiemDuLieu="{_ANSWERED}" id="bench"><d:CongDan><d:SoDinhDanh>{person.number}</d:SoDinhDanh>'
        f"<d:HoVaTen><d:Ho>{family}</d:Ho><d:ChuDem>{middle}</d:ChuDem><d:Ten>{given}</d:Ten></d:HoVaTen>"
        f"<d:GioiTinh>{sex}</d:GioiTinh><d:DanToc>{person.ethnicity}</d:DanToc>"
        f"<d:NgayThangNamSinh><d:NgayThangNam>{person.birth_date.replace('-', '')}</d:NgayThangNam>"
        f"</d:NgayThangNamSinh><d:ThuongTru><d:MaTinhThanh>{home.province}</d:MaTinhThanh>"
        f"<d:MaPhuongXa>{home.commune}</d:MaPhuongXa><d:ChiTiet>{home.detail}</d:ChiTiet>"
        f"<d:QuocGia>VN</d:QuocGia></d:ThuongTru><d:QuocTich>VN</d:QuocTich></d:CongDan></d:CongdanCollection>"
    )
