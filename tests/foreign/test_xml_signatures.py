"""XML signatures: ours before foreign judges, theirs before us, and neither once a byte was changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from signing import xml
from signing.errors import SigningError
from signing.trust import Trust
from signing.xmlsig import xmldsig
from tests.foreign.conftest import NOW, Judge, Keys, No, xmlsec1

NAMES = ("rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384")
TWO = ("GIAYCHUNGSINH", "CHUKYDONVI")
TEXT = "Nguyễn Thị Ánh Tuyết"
DOCUMENT = f"""<kb:KhaiSinh xmlns:kb="urn:khai-sinh" xmlns="urn:mac-dinh" xmlns:thua="urn:thua" Ma='"1"'>
  <kb:HoTen kb:dau="&lt;&#9;&gt;">{TEXT}</kb:HoTen><!-- lời ghi --><GhiChu><![CDATA[a < b & c]]></GhiChu>
  <Rong xmlns=""/>
</kb:KhaiSinh>"""
PLAIN = (
    f"""<HSDLGCS><GIAYCHUNGSINH Id="Id-1"><HO_TEN>{TEXT}</HO_TEN></GIAYCHUNGSINH><CHUKYDONVI/></HSDLGCS>"""
)


def enveloped(key: Keys) -> etree._Element:
    """Our signature over the whole document."""
    root = xml.parse(DOCUMENT.encode())
    xmldsig.sign_enveloped(root, key.signer)
    return root


def two_references(key: Keys) -> etree._Element:
    """Our signature in the profile of the social insurance gateway."""
    root = xml.parse(PLAIN.encode())
    xmldsig.sign_two_reference(root, key.signer, payload=TWO[0], holder=TWO[1], at=NOW)
    return root


FORMS = {"enveloped": enveloped, "two-reference": two_references}
IDENTIFIERS = ("Id GIAYCHUNGSINH", "Id http://www.w3.org/2000/09/xmldsig#:Object")


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
    changed.write_bytes(data.replace(TEXT.encode(), "Nguyễn Thị Ánh Nguyệt".encode()))
    return changed


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_xmlsec1_accepts_ours(form: str, name: str, keys: dict[str, Keys], tmp_path: Path) -> None:
    """xmlsec1 verifies what we sign, and refuses it about somebody else."""
    path = written(FORMS[form](keys[name]), tmp_path)
    xmlsec1(path, keys[name].certificate_path, *IDENTIFIERS)
    with pytest.raises(No):
        xmlsec1(tampered(path), keys[name].certificate_path, *IDENTIFIERS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_java_accepts_ours(form: str, name: str, keys: dict[str, Keys], java: Judge, tmp_path: Path) -> None:
    """The JDK verifies what we sign, and refuses it about somebody else."""
    path = written(FORMS[form](keys[name]), tmp_path)
    java.ask("dsig-verify", path, keys[name].certificate_path)
    with pytest.raises(No):
        java.ask("dsig-verify", tampered(path), keys[name].certificate_path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["rsa-2048", "rsa-4096"])
def test_javascript_accepts_ours(
    form: str, name: str, keys: dict[str, Keys], javascript: Judge, tmp_path: Path
) -> None:
    """xml-crypto verifies what we sign with RSA, the only kind it knows, and refuses it about somebody else."""
    path = written(FORMS[form](keys[name]), tmp_path)
    javascript.ask("dsig-verify", path, keys[name].certificate_path)
    with pytest.raises(No):
        javascript.ask("dsig-verify", tampered(path), keys[name].certificate_path)


@pytest.mark.parametrize("form", ["enveloped", "enveloped-inclusive"])
@pytest.mark.parametrize("name", ["rsa-2048", "ecdsa-p256"])
def test_we_accept_java(form: str, name: str, keys: dict[str, Keys], java: Judge, tmp_path: Path) -> None:
    """What the JDK signs is accepted as the partner's, and refused about somebody else."""
    (tmp_path / "in.xml").write_text(DOCUMENT, "utf-8")
    java.ask("dsig-sign", form, tmp_path / "in.xml", tmp_path / "out.xml", keys[name].p12_path)
    check_enveloped(tmp_path / "out.xml", keys[name])


@pytest.mark.parametrize("form", ["enveloped", "enveloped-inclusive"])
def test_we_accept_javascript(form: str, keys: dict[str, Keys], javascript: Judge, tmp_path: Path) -> None:
    """What xml-crypto signs is accepted as the partner's, and refused about somebody else."""
    key = keys["rsa-2048"]
    (tmp_path / "in.xml").write_text(DOCUMENT, "utf-8")
    javascript.ask(
        "dsig-sign", form, tmp_path / "in.xml", tmp_path / "out.xml", key.key_path, key.certificate_path
    )
    check_enveloped(tmp_path / "out.xml", key)


@pytest.mark.parametrize("name", ["rsa-2048", "ecdsa-p256"])
def test_we_accept_two_references_of_java(
    name: str, keys: dict[str, Keys], java: Judge, tmp_path: Path
) -> None:
    """A certificate that the JDK signed in the insurance gateway's profile is accepted, and a changed one is not."""
    (tmp_path / "in.xml").write_text(PLAIN, "utf-8")
    out = tmp_path / "out.xml"
    java.ask("dsig-sign", "two-reference", tmp_path / "in.xml", out, keys[name].p12_path, *TWO)
    trust = Trust({"yte": [keys[name].certificate]})
    proved = xmldsig.verify_two_reference(
        xml.parse(out.read_bytes()), trust, NOW, payload=TWO[0], holder=TWO[1]
    )
    assert (proved.partner, proved.element.findtext("HO_TEN")) == ("yte", TEXT)
    with pytest.raises(SigningError):
        xmldsig.verify_two_reference(
            xml.parse(tampered(out).read_bytes()), trust, NOW, payload=TWO[0], holder=TWO[1]
        )


def check_enveloped(path: Path, key: Keys) -> None:
    """A foreign signature over the whole document is the partner's, until the document is changed."""
    trust = Trust({"hotich": [key.certificate]})
    proved = xmldsig.verify_enveloped(xml.parse(path.read_bytes()), trust, NOW)
    assert proved.partner == "hotich"
    assert proved.element.findtext("{urn:khai-sinh}HoTen") == TEXT
    with pytest.raises(SigningError):
        xmldsig.verify_enveloped(xml.parse(tampered(path).read_bytes()), trust, NOW)
