"""SOAP 1.1 (W3C Note, 2000) and SOAP 1.2 (W3C Recommendation, part 1) messages, as a server sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from sandbox.core.xml import NotXml, add, parse, spaces

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of SOAP: its namespace, media type and the local names of its fault codes."""

    number: str
    namespace: str
    media_type: str
    next_role: str
    codes: dict[str, str]

    def tag(self, name: str) -> str:
        """A name of the envelope's namespace in Clark notation."""
        return f"{{{self.namespace}}}{name}"


SOAP11 = Version(
    "1.1",
    "http://schemas.xmlsoap.org/soap/envelope/",
    "text/xml",
    "http://schemas.xmlsoap.org/soap/actor/next",
    {
        "sender": "Client",
        "receiver": "Server",
        "version-mismatch": "VersionMismatch",
        "must-understand": "MustUnderstand",
    },
)
SOAP12 = Version(
    "1.2",
    "http://www.w3.org/2003/05/soap-envelope",
    "application/soap+xml",
    "http://www.w3.org/2003/05/soap-envelope/role/next",
    {
        "sender": "Sender",
        "receiver": "Receiver",
        "version-mismatch": "VersionMismatch",
        "must-understand": "MustUnderstand",
    },
)


class SoapFault(Exception):
    """Answer a SOAP fault instead of the operation's output."""

    def __init__(
        self,
        code: str,
        text: str,
        english: str = "",
        *,
        subcode: tuple[str, str] | None = None,
        detail: etree._Element | None = None,
        not_understood: Sequence[str] = (),
        version: Version | None = None,
    ) -> None:
        """``code`` is ``sender``, ``receiver``, ``version-mismatch`` or ``must-understand``.

        ``subcode`` is (namespace, local name): Subcode of SOAP 1.2, the faultcode itself in SOAP 1.1.
        ``not_understood`` lists header blocks in Clark notation (SOAP 1.2 part 1, 5.4.8). ``version``
        overrides the service's version where the standard wants another envelope.
        """
        super().__init__(text)
        self.code, self.text, self.english = code, text, english
        self.subcode, self.detail, self.not_understood, self.version = (
            subcode,
            detail,
            not_understood,
            version,
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """A SOAP message that has been read: its header blocks and the single child of its body."""

    root: etree._Element
    headers: tuple[etree._Element, ...]
    body: etree._Element
    payload: etree._Element


def read(data: bytes, version: Version) -> Envelope:
    """Read a request. Raises `SoapFault` unless it is a message of this version with one body child."""
    try:
        root = parse(data)
    except NotXml as error:
        raise SoapFault(
            "sender", "Thông điệp không phải XML hợp lệ", f"not well-formed XML: {error}"
        ) from error
    _check_version(root, version)
    parts = [item.tag for item in root]
    header, body = version.tag("Header"), version.tag("Body")
    if parts not in ([body], [header, body]):
        raise SoapFault(
            "sender", "Phong bì SOAP sai cấu trúc", "an envelope is an optional Header, then one Body"
        )
    children = list(root[-1])
    if len(children) != 1:
        raise SoapFault(
            "sender", "Thân SOAP phải có đúng một phần tử", "the Body must have exactly one child"
        )
    headers = tuple(root[0]) if len(parts) == 2 else ()
    return Envelope(root, headers, root[-1], children[0])


def check_understood(envelope: Envelope, version: Version, understood: frozenset[str]) -> None:
    """Raise a MustUnderstand fault for mandatory header blocks aimed at us that are not in ``understood``."""
    missed = [
        str(block.tag)
        for block in envelope.headers
        if _is_mandatory(block, version) and _is_for_us(block, version) and block.tag not in understood
    ]
    if missed:
        raise SoapFault(
            "must-understand",
            "Không hiểu phần tiêu đề bắt buộc",
            f"mandatory header not understood: {', '.join(missed)}",
            not_understood=missed,
        )


def envelope(
    version: Version, payload: etree._Element, headers: Sequence[etree._Element] = ()
) -> etree._Element:
    """A message with ``payload`` as the only child of its body."""
    root = etree.Element(version.tag("Envelope"), nsmap={"soap": version.namespace})
    if headers:
        etree.SubElement(root, version.tag("Header")).extend(headers)
    etree.SubElement(root, version.tag("Body")).append(payload)
    return root


def fault_envelope(version: Version, fault: SoapFault) -> etree._Element:
    """The message that carries a fault (SOAP 1.1 section 4.4; SOAP 1.2 part 1 section 5.4)."""
    if version is SOAP11:
        return envelope(version, _fault11(fault))
    return envelope(version, _fault12(fault), [_not_understood(name) for name in fault.not_understood])


def http_status(version: Version, fault: SoapFault) -> int:
    """500 for SOAP 1.1 (section 6.2); 400 for Sender faults of SOAP 1.2 (part 2, table 20), else 500."""
    return 400 if version is SOAP12 and fault.code == "sender" else 500


def _check_version(root: etree._Element, version: Version) -> None:
    name = etree.QName(root)
    if name.localname != "Envelope":
        raise SoapFault(
            "sender", "Thông điệp không phải phong bì SOAP", f"root is {root.tag}, not a SOAP Envelope"
        )
    if name.namespace == version.namespace:
        return
    # SOAP 1.2 part 1, appendix A: a 1.2-only node answers a 1.1 message in a 1.1 envelope.
    answer = SOAP11 if name.namespace == SOAP11.namespace else version
    raise SoapFault(
        "version-mismatch",
        f"Chỉ nhận SOAP {version.number}",
        f"this service takes SOAP {version.number}",
        version=answer,
    )


def _is_mandatory(block: etree._Element, version: Version) -> bool:
    value = block.get(version.tag("mustUnderstand"), "0").strip()
    return value == "1" or (version is SOAP12 and value == "true")


def _is_for_us(block: etree._Element, version: Version) -> bool:
    role = block.get(version.tag("actor" if version is SOAP11 else "role"), "")
    ultimate = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"
    return role in ("", version.next_role) or (version is SOAP12 and role == ultimate)


def _fault11(fault: SoapFault) -> etree._Element:
    prefixes: dict[str | None, str] = {"soap": SOAP11.namespace}
    code = f"soap:{SOAP11.codes[fault.code]}"
    if fault.subcode is not None:
        prefixes["code"], code = fault.subcode[0], f"code:{fault.subcode[1]}"
    element = etree.Element(SOAP11.tag("Fault"), nsmap=spaces(prefixes))
    etree.SubElement(element, "faultcode").text = code
    both = f"{fault.text} / {fault.english}" if fault.english else fault.text
    etree.SubElement(element, "faultstring", {XML_LANG: "vi"}).text = both
    if fault.detail is not None:
        etree.SubElement(element, "detail").append(fault.detail)
    return element


def _fault12(fault: SoapFault) -> etree._Element:
    element = etree.Element(SOAP12.tag("Fault"), nsmap={"soap": SOAP12.namespace})
    code = add(element, "Code")
    add(code, "Value", f"soap:{SOAP12.codes[fault.code]}")
    if fault.subcode is not None:
        subcode = etree.SubElement(code, SOAP12.tag("Subcode"))
        value = etree.SubElement(subcode, SOAP12.tag("Value"), nsmap={"code": fault.subcode[0]})
        value.text = f"code:{fault.subcode[1]}"
    reason = add(element, "Reason")
    for language, words in (("vi", fault.text), ("en", fault.english)):
        if words:
            add(reason, "Text", words).set(XML_LANG, language)
    if fault.detail is not None:
        add(element, "Detail").append(fault.detail)
    return element


def _not_understood(name: str) -> etree._Element:
    qname = etree.QName(name)
    space = {"h": qname.namespace} if qname.namespace else {}
    block = etree.Element(SOAP12.tag("NotUnderstood"), nsmap=space)
    block.set("qname", f"h:{qname.localname}" if qname.namespace else qname.localname)
    return block
