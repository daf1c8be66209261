"""XAdES signatures of ours in their three forms, and how they are read back after a journey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from signing import xml
from signing.algorithms import C14N, EXCLUSIVE_C14N
from signing.xmlsig import xades
from signing.xmlsig.xades_opened import VerifiedXades
from tests import pki

DECLARATION = (
    '<?order 1?><ks:KhaiSinh xmlns:ks="urn:ks" xmlns:q="urn:q" xml:lang="vi"><HoTen q:a="1">Nguyễn Văn&#13; An'
    '</HoTen><Loai xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="q:Moi"/>tail</ks:KhaiSinh>'
).encode()
PLAIN = "<KhaiSinh><HoTen>Nguyễn Văn An</HoTen>tail</KhaiSinh>".encode()
FILES = {"bodies/17 a.xml": DECLARATION, "ghi chú.bin": bytes(range(256)), "100%.json": b"{}"}
METHODS = [EXCLUSIVE_C14N, C14N]
Change = Callable[[etree._Element], None]


def enveloped(
    method: str = EXCLUSIVE_C14N, name: str = "hub", document: bytes = DECLARATION
) -> etree._Element:
    root = xml.parse(document)
    xades.sign_enveloped(root, pki.signer(name), at=pki.NOW, canonicalization=method)
    return xml.parse(xml.serialize(root))


def enveloping(method: str = EXCLUSIVE_C14N, content: Any = None, name: str = "hub") -> etree._Element:
    what = xml.parse(DECLARATION) if content is None else content
    return sent(xades.sign_enveloping(what, pki.signer(name), at=pki.NOW, canonicalization=method))


def detached(method: str = EXCLUSIVE_C14N, name: str = "hub", **options: Any) -> etree._Element:
    types = {"ghi chú.bin": "application/x-ghi-chu"}
    return xades.sign_detached(
        FILES, pki.signer(name), at=pki.NOW, media_types=types, canonicalization=method, **options
    )


def sent(written: etree._Element) -> etree._Element:
    """What arrives of a signature, or of the document that it stands in."""
    return xml.parse(xml.serialize(written))


def in_document(root: etree._Element, name: str = "hub", **options: Any) -> VerifiedXades:
    return xades.verify_enveloped(sent(root), pki.trust(name), pki.NOW, **options)


def around(written: etree._Element, name: str = "hub", **options: Any) -> VerifiedXades:
    return xades.verify_enveloping(sent(written), pki.trust(name), pki.NOW, **options)


def beside(written: etree._Element, files: Any = None, name: str = "hub", **options: Any) -> VerifiedXades:
    return xades.verify_detached(sent(written), files or FILES, pki.trust(name), pki.NOW, **options)


def find(root: etree._Element, name: str) -> Any:
    element = root.find(f".//{{*}}{name}")
    assert element is not None
    return element
