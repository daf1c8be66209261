"""XAdES: ours before the EU's Digital Signature Services, xmlsec1 and xadesjs; theirs before us."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from signing import algorithms, xml
from signing.container import asic
from signing.errors import SigningError
from signing.trust import Trust
from signing.xmlsig import xades
from tests.foreign.conftest import NOW, Judge, Keys, No, xmlsec1

NAMES = ("rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384")
METHODS = {"exclusive": algorithms.EXCLUSIVE_C14N, "inclusive": algorithms.C14N}
TEXT = "Nguyễn Thị Ánh Tuyết"
OTHER = "Nguyễn Thị Ánh Nguyệt"
DOCUMENT = f"""<kb:KhaiSinh xmlns:kb="urn:khai-sinh" xmlns="urn:mac-dinh" xmlns:thua="urn:thua">
  <kb:HoTen>{TEXT}</kb:HoTen><!-- lời ghi --><GhiChu><![CDATA[a < b & c]]></GhiChu><Rong xmlns=""/>
</kb:KhaiSinh>"""
LATER = (NOW + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
PROPERTIES = "Id http://uri.etsi.org/01903/v1.3.2#:SignedProperties"


def enveloped(key: Keys, method: str) -> etree._Element:
    """A document with its signature inside."""
    root = xml.parse(DOCUMENT.encode())
    xades.sign_enveloped(root, key.signer, at=NOW, canonicalization=METHODS[method])
    return root


def enveloping(key: Keys, method: str) -> etree._Element:
    """A signature with the document inside."""
    root = xml.parse(DOCUMENT.encode())
    return xades.sign_enveloping(root, key.signer, at=NOW, canonicalization=METHODS[method])


FORMS = {"enveloped": enveloped, "enveloping": enveloping}


def written(root: etree._Element, folder: Path) -> Path:
    """The document in a file."""
    path = folder / "signed.xml"
    path.write_bytes(xml.serialize(root))
    return path


def tampered(path: Path) -> Path:
    """The same document about somebody else."""
    data = path.read_bytes()
    assert TEXT.encode() in data
    changed = path.with_name("tampered.xml")
    changed.write_bytes(data.replace(TEXT.encode(), OTHER.encode()))
    return changed


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_dss_accepts_ours(
    name: str, form: str, method: str, keys: dict[str, Keys], java: Judge, tmp_path: Path
) -> None:
    """The EU's library finds a valid baseline signature, and an invalid one once the document was changed."""
    path = written(FORMS[form](keys[name], method), tmp_path)
    said = java.ask("xades-verify", path, keys[name].certificate_path, LATER)
    assert said.startswith("XAdES-BASELINE-B TOTAL_PASSED"), said
    said = java.ask("xades-verify", tampered(path), keys[name].certificate_path, LATER)
    assert "TOTAL_FAILED HASH_FAILURE" in said


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_dss_accepts_files_signed_by_us(
    name: str, method: str, keys: dict[str, Keys], java: Judge, tmp_path: Path
) -> None:
    """A detached signature over two files is valid with them, and not when one is another."""
    files = {"to-khai.xml": DOCUMENT.encode(), "ghi chú.txt": TEXT.encode()}
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    types = {file: asic.media_type(file) for file in files}
    signed = xades.sign_detached(
        files, keys[name].signer, at=NOW, media_types=types, canonicalization=METHODS[method]
    )
    path = written(signed, tmp_path)
    given = [tmp_path / file for file in files]
    said = java.ask("xades-verify", path, keys[name].certificate_path, LATER, *given)
    assert said.startswith("XAdES-BASELINE-B TOTAL_PASSED"), said
    given[0].write_bytes(DOCUMENT.replace(TEXT, OTHER).encode())
    said = java.ask("xades-verify", path, keys[name].certificate_path, LATER, *given)
    assert "TOTAL_FAILED HASH_FAILURE" in said


@pytest.mark.parametrize("name", ["rsa-2048", "ecdsa-p256"])
def test_dss_accepts_our_containers(name: str, keys: dict[str, Keys], java: Judge, tmp_path: Path) -> None:
    """An ASiC-E container of ours is one to the EU's library, and is refused with another file in it."""
    files = {"evidence.json": b"{}", "bodies/1.xml": DOCUMENT.encode()}
    types = {file: asic.media_type(file) for file in files}
    signed = xades.sign_detached(files, keys[name].signer, at=NOW, media_types=types)
    for container, content in (("good", DOCUMENT), ("bad", DOCUMENT.replace(TEXT, OTHER))):
        with (tmp_path / f"{container}.asice").open("wb") as out:
            asic.write(files | {"bodies/1.xml": content.encode()}, signed, out)
    said = java.ask("xades-verify", tmp_path / "good.asice", keys[name].certificate_path, LATER)
    assert said.startswith("XAdES-BASELINE-B TOTAL_PASSED"), said
    said = java.ask("xades-verify", tmp_path / "bad.asice", keys[name].certificate_path, LATER)
    assert "TOTAL_FAILED HASH_FAILURE" in said


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_xmlsec1_accepts_ours(
    name: str, form: str, method: str, keys: dict[str, Keys], tmp_path: Path
) -> None:
    """xmlsec1 verifies all references, the signed properties among them."""
    path = written(FORMS[form](keys[name], method), tmp_path)
    identifiers = (PROPERTIES, "Id http://www.w3.org/2000/09/xmldsig#:Object")
    xmlsec1(path, keys[name].certificate_path, *identifiers)
    with pytest.raises(No):
        xmlsec1(tampered(path), keys[name].certificate_path, *identifiers)


@pytest.mark.parametrize("name", ["rsa-2048", "ecdsa-p256"])
def test_xadesjs_accepts_ours(name: str, keys: dict[str, Keys], javascript: Judge, tmp_path: Path) -> None:
    """xadesjs verifies the signature inside a document, and refuses it about somebody else.

    Exclusive only: its inclusive form leaves out what xmlsec1 and the EU's library write of the ancestors' namespaces.
    """
    root = xml.parse(f'<k:A xmlns:k="urn:k" xmlns="urn:b"><k:B c="1">{TEXT}</k:B></k:A>'.encode())
    xades.sign_enveloped(root, keys[name].signer, at=NOW)
    path = written(root, tmp_path)
    javascript.ask("xades-verify", path)
    with pytest.raises(No):
        javascript.ask("xades-verify", tampered(path))


@pytest.mark.parametrize("method", METHODS)
def test_xml_crypto_accepts_ours(
    method: str, keys: dict[str, Keys], javascript: Judge, tmp_path: Path
) -> None:
    """xml-crypto verifies document and signed properties, in both canonical forms."""
    path = written(enveloped(keys["rsa-2048"], method), tmp_path)
    said = javascript.ask("dsig-verify", path, keys["rsa-2048"].certificate_path)
    assert said == "2 references"
    with pytest.raises(No):
        javascript.ask("dsig-verify", tampered(path), keys["rsa-2048"].certificate_path)


@pytest.mark.parametrize("packaging", ["ENVELOPED", "ENVELOPED plain", "ENVELOPING"])
@pytest.mark.parametrize("name", ["rsa-2048", "ecdsa-p256"])
def test_we_accept_dss(name: str, packaging: str, keys: dict[str, Keys], java: Judge, tmp_path: Path) -> None:
    """What the EU's library signs is the partner's to us, with its signing time, until it is changed."""
    (tmp_path / "in.xml").write_text(DOCUMENT, "utf-8")
    out = tmp_path / "out.xml"
    stated = NOW.isoformat(timespec="seconds").replace("+00:00", "Z")
    kind, *words = packaging.split()
    java.ask("xades-sign", kind, tmp_path / "in.xml", out, keys[name].p12_path, stated, *words)
    trust = Trust({"hotich": [keys[name].certificate]})
    verify = xades.verify_enveloped if kind == "ENVELOPED" else xades.verify_enveloping
    proved = verify(xml.parse(out.read_bytes()), trust, NOW)
    assert (proved.partner, proved.level) == ("hotich", "B-B")
    assert proved.signing_time == NOW.replace(microsecond=0)
    if kind == "ENVELOPED":
        with pytest.raises(SigningError):
            verify(xml.parse(tampered(out).read_bytes()), trust, NOW)
