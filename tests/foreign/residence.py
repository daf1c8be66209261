"""A stand-in for the residence service made of foreign parts: spyne speaks SOAP 1.2, libxmlsec1 signs and verifies.

Nothing here is the hub's or the sandbox's code. Run as a process of its own, because spyne cannot live with warnings
that are errors::

    python residence.py CONTRACTS HUB_CERTIFICATE KEY CERTIFICATE NOW

It prints its address, takes declarations in, and for each line ``HUB_URL NOW`` on standard input reports every dossier
as settled to the hub and prints what the hub answered: the status and the name of the document in the verified body.
"""

from __future__ import annotations

import copy
import itertools
import sys
import threading
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import xmlsec
from lxml import etree
from spyne import AnyXml, Application, ComplexModel, Fault, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap12
from spyne.server.wsgi import WsgiApplication

NS = "urn:bca:cutru:ct01:1.0"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE, WSU = f"{OASIS}-wssecurity-secext-1.0.xsd", f"{OASIS}-wssecurity-utility-1.0.xsd"
BASE64 = f"{OASIS}-soap-message-security-1.0#Base64Binary"
X509 = f"{OASIS}-x509-token-profile-1.0#X509v3"
SECURITY, ID = f"{{{WSSE}}}Security", f"{{{WSU}}}Id"


@dataclass(frozen=True)
class Form:
    """A declaration that was taken in, under the service's own code."""

    code: str
    root: etree._Element


class Desk:
    """What the service knows: keys, the time, and the declarations that it took in, by the sender's key."""

    def __init__(self, contracts: str, hub: str, key: str, certificate: str, now: str) -> None:
        """Paths of PEM files and of the folder of the contract; ``now`` is ISO 8601 with an offset."""
        self.schema = etree.XMLSchema(file=str(Path(contracts) / "cutru.xsd"))
        self.hub, self.key, self.certificate = Path(hub), Path(key), Path(certificate)
        self.now = datetime.fromisoformat(now)
        self.forms: dict[str, Form] = {}
        self.numbers = itertools.count(1)

    def time(self) -> str:
        """Now, as the contract writes it."""
        return self.now.isoformat(timespec="seconds")


def element(name: str, *children: etree._Element, namespace: str = NS, **leaves: str) -> etree._Element:
    """An element with simple children in the same namespace, then further ones."""
    made = etree.Element(f"{{{namespace}}}{name}")
    for leaf, text in leaves.items():
        etree.SubElement(made, f"{{{namespace}}}{leaf}").text = text
    made.extend(children)
    return made


def token(certificate: Path) -> str:
    """The DER of a PEM certificate in base64, as a BinarySecurityToken carries it."""
    lines = certificate.read_text().strip().splitlines()
    return "".join(line for line in lines if not line.startswith("-----"))


def child(parent: etree._Element, tag: str) -> etree._Element:
    """The child of that name. Raises xmlsec.Error: without it there is nothing to verify or sign."""
    found = parent.find(tag)
    if found is None:
        raise xmlsec.Error(f"no {tag}")
    return found


def verify(envelope: etree._Element, certificate: Path) -> etree._Element:
    """The Body, if it, the Timestamp and every addressing header are signed with the certificate's key."""
    header, body = child(envelope, f"{{{SOAP}}}Header"), child(envelope, f"{{{SOAP}}}Body")
    security = child(header, SECURITY)
    if (child(security, f"{{{WSSE}}}BinarySecurityToken").text or "").split() != [token(certificate)]:
        raise xmlsec.Error("another certificate than the one that is trusted")
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(certificate), xmlsec.constants.KeyDataFormatCertPem)
    signed = [body, child(security, f"{{{WSU}}}Timestamp"), *header.findall(f"{{{WSA}}}*")]
    for part in signed:
        context.register_id(part, "Id", WSU)
    signature = child(security, f"{{{xmlsec.constants.DSigNs}}}Signature")
    uris = {found.get("URI") for found in signature.iter(f"{{{xmlsec.constants.DSigNs}}}Reference")}
    if uris != {f"#{part.get(ID)}" for part in signed}:
        raise xmlsec.Error("not all that must be signed is signed")
    context.verify(signature)
    return body


def secure(envelope: etree._Element, desk: Desk) -> None:
    """Sign Body, Timestamp and addressing headers; the Header is there already."""
    header, body = child(envelope, f"{{{SOAP}}}Header"), child(envelope, f"{{{SOAP}}}Body")
    security = etree.SubElement(header, SECURITY, {f"{{{SOAP}}}mustUnderstand": "true"})
    attributes = {ID: "token", "EncodingType": BASE64, "ValueType": X509}
    etree.SubElement(security, f"{{{WSSE}}}BinarySecurityToken", attributes).text = token(desk.certificate)
    times = {"Created": desk.now, "Expires": desk.now + timedelta(minutes=5)}
    stamp = element(
        "Timestamp", namespace=WSU, **{name: at.strftime("%Y-%m-%dT%H:%M:%SZ") for name, at in times.items()}
    )
    security.append(stamp)
    signature = xmlsec.template.create(
        envelope, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    context = xmlsec.SignatureContext()
    for number, part in enumerate((body, stamp, *header.findall(f"{{{WSA}}}*"))):
        part.set(ID, f"part-{number}")
        context.register_id(part, "Id", WSU)
        reference = xmlsec.template.add_reference(
            signature, xmlsec.constants.TransformSha256, uri=f"#part-{number}"
        )
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    pointer = element("SecurityTokenReference", namespace=WSSE)
    etree.SubElement(pointer, f"{{{WSSE}}}Reference", URI="#token", ValueType=X509)
    xmlsec.template.ensure_key_info(signature).append(pointer)
    security.append(signature)
    context.key = xmlsec.Key.from_file(str(desk.key), xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)


def address(envelope: etree._Element, action: str, to: str, relates_to: str | None = None) -> None:
    """Put WS-Addressing headers at the beginning of the envelope."""
    header = envelope.find(f"{{{SOAP}}}Header")
    if header is None:
        header = etree.Element(f"{{{SOAP}}}Header")
        envelope.insert(0, header)
    leaves = {"To": to, "Action": action, "MessageID": f"urn:uuid:{uuid.uuid4()}"}
    blocks = list(element("blocks", namespace=WSA, **leaves))
    if relates_to is not None:
        blocks += list(element("blocks", namespace=WSA, RelatesTo=relates_to))
    else:
        blocks.append(element("ReplyTo", namespace=WSA, Address=f"{WSA}/anonymous"))
    header.extend(blocks)


class Receipt(ComplexModel):
    """KetQuaTiepNhan of the contract."""

    __namespace__ = NS
    __type_name__ = "KetQuaTiepNhan"
    _type_info = [(name, Unicode) for name in ("MaGiaoDich", "MaKetQua", "MoTa", "MaHoSo", "ThoiDiem")]  # noqa: RUF012


def service(desk: Desk) -> type[ServiceBase]:
    """The one operation of the test, named by the document in the body, as document/literal wants it."""

    class Residence(ServiceBase):
        @rpc(AnyXml, _returns=Receipt, _body_style="bare", _out_message_name="KetQuaTiepNhan")
        def ToKhaiCT01(ctx: Any, form: Any) -> Receipt:
            return take_in(desk, ctx.in_document.find(f"{{{SOAP}}}Body")[0])

    def check(ctx: Any) -> None:
        try:
            verify(ctx.in_document, desk.hub)
        except xmlsec.Error as error:
            raise Fault("Client.FailedCheck", f"Bảo mật thông điệp không hợp lệ: {error}") from error

    def seal(ctx: Any) -> None:
        asked = ctx.in_document.findtext(f"{{{SOAP}}}Header/{{{WSA}}}MessageID")
        address(ctx.out_document, f"{NS}/TiepNhanToKhaiResponse", f"{WSA}/anonymous", asked)
        secure(ctx.out_document, desk)

    Residence.event_manager.add_listener("method_call", check)
    Residence.event_manager.add_listener("method_return_document", seal)
    return Residence


def take_in(desk: Desk, form: etree._Element) -> Receipt:
    """A declaration that keeps the contract gets a number, once per key."""
    if not desk.schema.validate(form):
        raise Fault("Client", f"Dữ liệu không đúng cấu trúc quy định: {desk.schema.error_log}")
    key = form.findtext(f"{{{NS}}}MaGiaoDich") or ""
    known = desk.forms.setdefault(key, Form(f"G01-261123-{next(desk.numbers):06d}", copy.deepcopy(form)))
    sentence = "Hồ sơ được tiếp nhận"
    return Receipt(
        MaGiaoDich=key, MaKetQua="DA_TIEP_NHAN", MoTa=sentence, MaHoSo=known.code, ThoiDiem=desk.time()
    )


def notice(desk: Desk, number: int, key: str, form: Form) -> etree._Element:
    """The report that a dossier is settled: what was registered, where, in whose household."""

    def said(path: str) -> str:
        return form.root.findtext("/".join(f"{{{NS}}}{name}" for name in path.split("/"))) or ""

    day = desk.now.date().isoformat()
    head = {name: said(name) for name in ("MaHoSoLienThong",)} | {
        "MaHoSo": form.code,
        "TrangThai": "DaGiaiQuyet",
    }
    home = {
        name: said(f"NoiThuongTru/{name}")
        for name in ("MaTinh", "MaXa", "ChiTiet")
        if said(f"NoiThuongTru/{name}")
    }
    result = element(
        "KetQua", SoThongBao="1/CT08", NgayThongBao=day, HoTen=said("HoTen"), SoDinhDanh=said("SoDinhDanh")
    )
    result.append(element("NoiThuongTru", **home))
    household = {"HoTenChuHo": "HoTen", "SoDinhDanhChuHo": "SoDinhDanh", "QuanHeVoiChuHo": "QuanHe"}
    result.extend(
        list(element("x", **{name: said(f"ChuHo/{own}") for name, own in household.items()}, NgayDangKy=day))
    )
    officer = element("CanBo", HoTen="PHẠM THỊ NGOẠI", ChucVu="Cán bộ", DonVi="Công an cấp xã")
    name = f"TB-{number:08d}-{form.code}"
    facts = {"MaThongBao": name, "SoThuTu": str(number), "MaGiaoDich": key, **head, "ThoiDiem": desk.time()}
    return element("ThongBaoKetQua", officer, result, **facts)


def report(desk: Desk, hub_url: str) -> None:
    """Tell the hub of every dossier, and print what it answered."""
    url = f"{hub_url}/agency/cutru"
    for number, (key, form) in enumerate(desk.forms.items(), 1):
        envelope = etree.Element(f"{{{SOAP}}}Envelope")
        etree.SubElement(envelope, f"{{{SOAP}}}Body").append(notice(desk, number, key, form))
        address(envelope, f"{NS}/ThongBao", url)
        secure(envelope, desk)
        kind = f'application/soap+xml; charset=utf-8; action="{NS}/ThongBao"'
        request = urllib.request.Request(url, etree.tostring(envelope), {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request) as answer:
                body = verify(etree.fromstring(answer.read()), desk.hub)  # noqa: TID251 - not the hub
            print(answer.status, etree.QName(body[0]).localname, flush=True)
        except urllib.error.HTTPError as error:
            print(error.code, error.read().decode(), flush=True)


class Quiet(WSGIRequestHandler):
    """Standard output is for the test."""

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until standard input ends."""
    desk = Desk(*sys.argv[1:])
    application = Application([service(desk)], NS, name="CuTru", in_protocol=Soap12(), out_protocol=Soap12())
    with make_server("127.0.0.1", 0, WsgiApplication(application), handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}/cutru", flush=True)
        for line in sys.stdin:
            hub_url, now = line.split()
            desk.now = datetime.fromisoformat(now)
            report(desk, hub_url)
        server.shutdown()


if __name__ == "__main__":
    main()
