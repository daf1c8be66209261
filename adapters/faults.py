"""SOAP faults: read in both versions, built in both versions, and turned into the error that says what
to do next.

Standards: SOAP 1.1 §4.4, SOAP 1.2 Part 1 §5.4. Texts that we write are Vietnamese first and English beside.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

from lxml import etree

from adapters.errors import AdapterError, Rejected, Unauthorized, Unavailable
from adapters.soap import NAMESPACE, SOAP_11, SOAP_12, WSSE, Envelope, Version

Kind = Literal["sender", "receiver", "version-mismatch", "must-understand"]
_LOCAL: dict[Kind, tuple[str, str]] = {
    "sender": ("Client", "Sender"),
    "receiver": ("Server", "Receiver"),
    "version-mismatch": ("VersionMismatch", "VersionMismatch"),
    "must-understand": ("MustUnderstand", "MustUnderstand"),
}
_KIND = {local: kind for kind, names in _LOCAL.items() for local in names} | {"DataEncodingUnknown": "sender"}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ABOUT_IDENTITY = ("authentication", "authorization", "unauthorized", "forbidden", "token", "security")


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A fault as received. ``codes`` are Clark names, the outermost first; ``kind`` is who should act."""

    kind: Kind
    codes: tuple[str, ...]
    reason: str
    detail: str = ""

    def error(self, raw: bytes | None = None) -> AdapterError:
        """The error that tells the hub what to do next."""
        code = " / ".join(etree.QName(name).localname for name in self.codes)
        text = f"fault {code}: {self.reason}"
        if self.about_identity():
            return Unauthorized(text, code=code, raw=raw)
        if self.kind == "receiver":
            return Unavailable(text, code=code, raw=raw)
        return Rejected(text, code=code, raw=raw)

    def about_identity(self) -> bool:
        """Whether a code speaks of signature, token or password: WS-Security's own, or words to that
        effect.
        """
        names = [etree.QName(name) for name in self.codes]
        if any(name.namespace == WSSE for name in names):
            return True
        words = "/".join(name.localname.partition(".")[2] or name.localname for name in names[1:] or names)
        return any(word in words.lower() for word in _ABOUT_IDENTITY)


def fault_in(envelope: Envelope) -> Fault | None:
    """The fault that the body holds, or None if it holds something else."""
    body = envelope.body
    if body is None or body.tag != f"{{{NAMESPACE[envelope.version]}}}Fault":
        return None
    return _read_11(body) if envelope.version == "1.1" else _read_12(body)


def _read_11(body: etree._Element) -> Fault:
    code = body.find("faultcode")
    text = _clark(code) if code is not None else "Server"
    # Dotted codes refine to the right (§4.4.1): Client.Authentication is a Client fault.
    base = etree.QName(text).localname.split(".")[0]
    kind = _KIND.get(base, "receiver") if etree.QName(text).namespace in (SOAP_11, None) else "sender"
    return Fault(kind, (text,), _text(body, "faultstring"), _detail(body.find("detail")))


def _read_12(body: etree._Element) -> Fault:
    codes = []
    holder = body.find(f"{{{SOAP_12}}}Code")
    while holder is not None:
        value = holder.find(f"{{{SOAP_12}}}Value")
        codes.append(_clark(value) if value is not None else "Receiver")
        holder = holder.find(f"{{{SOAP_12}}}Subcode")
    kind = _KIND.get(etree.QName(codes[0]).localname, "receiver") if codes else "receiver"
    texts = {node.get(_LANGUAGE): (node.text or "").strip() for node in body.iter(f"{{{SOAP_12}}}Text")}
    reason = texts.get("vi") or next(iter(texts.values()), "")
    return Fault(kind, tuple(codes) or ("Receiver",), reason, _detail(body.find(f"{{{SOAP_12}}}Detail")))


def _clark(element: etree._Element) -> str:
    """A QName in content as a Clark name; a prefix that is not declared is taken for a local name."""
    prefix, colon, local = (element.text or "").strip().rpartition(":")
    space = element.nsmap.get(prefix or None)
    name = "".join(c for c in local if c.isalnum() or c in "._-") or "Unknown"
    return f"{{{space}}}{name}" if colon and space else name


def _text(body: etree._Element, name: str) -> str:
    return " ".join("".join(body.findtext(name) or "").split())


def _detail(element: etree._Element | None) -> str:
    return " ".join(" ".join(str(text) for text in element.itertext()).split()) if element is not None else ""


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A fault to be sent: texts in both languages, a subcode as Clark name, header blocks not understood."""

    kind: Kind
    vi: str
    en: str
    subcode: str | None = None
    not_understood: Sequence[str] = ()

    def status(self, version: Version) -> int:
        """HTTP status: always 500 in SOAP 1.1 (§6.2); in 1.2 the sender's faults are 400 (Part 2
        §7.5.2.2).
        """
        return 400 if version == "1.2" and self.kind == "sender" else 500


def build(version: Version, refusal: Refusal, headers: Sequence[etree._Element] = ()) -> etree._Element:
    """The envelope of a fault."""
    space = NAMESPACE[version]
    root = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    blocks = [*headers, *(_explanations(refusal) if version == "1.2" else ())]
    if blocks:
        etree.SubElement(root, f"{{{space}}}Header").extend(blocks)
    fault = etree.SubElement(etree.SubElement(root, f"{{{space}}}Body"), f"{{{space}}}Fault")
    if version == "1.1":
        _write_11(fault, refusal)
    else:
        _write_12(fault, refusal)
    return root


def _write_11(fault: etree._Element, refusal: Refusal) -> None:
    local = _LOCAL[refusal.kind][0]
    code = etree.SubElement(fault, "faultcode")
    code.text = f"soap:{local}"
    if refusal.subcode is not None:
        name = etree.QName(refusal.subcode)
        fault.replace(code, code := etree.Element("faultcode", nsmap={"sub": name.namespace or SOAP_11}))
        code.text = f"sub:{name.localname}"
    text = etree.SubElement(fault, "faultstring")
    text.set(_LANGUAGE, "vi")
    text.text = f"{refusal.vi} / {refusal.en}"


def _write_12(fault: etree._Element, refusal: Refusal) -> None:
    code = etree.SubElement(fault, f"{{{SOAP_12}}}Code")
    etree.SubElement(code, f"{{{SOAP_12}}}Value").text = f"soap:{_LOCAL[refusal.kind][1]}"
    if refusal.subcode is not None:
        name = etree.QName(refusal.subcode)
        subcode = etree.SubElement(code, f"{{{SOAP_12}}}Subcode")
        value = etree.SubElement(subcode, f"{{{SOAP_12}}}Value", nsmap={"sub": name.namespace or SOAP_12})
        value.text = f"sub:{name.localname}"
    reason = etree.SubElement(fault, f"{{{SOAP_12}}}Reason")
    for language, text in (("vi", refusal.vi), ("en", refusal.en)):
        node = etree.SubElement(reason, f"{{{SOAP_12}}}Text")
        node.set(_LANGUAGE, language)
        node.text = text


def _explanations(refusal: Refusal) -> list[etree._Element]:
    """Header blocks that SOAP 1.2 adds: NotUnderstood (§5.4.8) and Upgrade (§5.4.7)."""
    blocks = []
    for number, name in enumerate(refusal.not_understood):
        qname = etree.QName(name)
        prefix = f"q{number}"
        block = etree.Element(f"{{{SOAP_12}}}NotUnderstood", nsmap={prefix: qname.namespace or SOAP_12})
        block.set("qname", f"{prefix}:{qname.localname}")
        blocks.append(block)
    if refusal.kind == "version-mismatch":
        upgrade = etree.Element(f"{{{SOAP_12}}}Upgrade")
        for prefix, space in (("s12", SOAP_12), ("s11", SOAP_11)):
            supported = etree.SubElement(upgrade, f"{{{SOAP_12}}}SupportedEnvelope", nsmap={prefix: space})
            supported.set("qname", f"{prefix}:Envelope")
        blocks.append(upgrade)
    return blocks
