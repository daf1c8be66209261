"""WS-Security: our envelopes before WSS4J and xmlsec1, theirs before us, and neither once a byte was changed."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from broker.clock import system_clock
from signing import xml
from signing.errors import SigningError
from signing.trust import Trust
from signing.xmlsig.wss import SOAP_11, SOAP_12, WSU, KeyReference, sign_envelope, verify_envelope
from tests.foreign.conftest import Judge, Keys, No, xmlsec1

NAMES = ("rsa-2048", "ecdsa-p256", "ecdsa-p384")
TEXT = "Nguyễn Thị Ánh Tuyết"
WSA = "http://www.w3.org/2005/08/addressing"
SIGNED = {"Body", "Timestamp", "To", "Action", "MessageID"}


def envelope(version: str) -> str:
    """A message with addressing headers and one that nobody signs."""
    return (
        f'<s:Envelope xmlns:s="{version}" xmlns:a="{WSA}"><s:Header><a:To>urn:cutru</a:To>'
        "<a:Action>urn:dang-ky</a:Action><a:MessageID>urn:uuid:1</a:MessageID></s:Header>"
        f'<s:Body><DangKy xmlns="urn:ct"><HoTen>{TEXT}</HoTen></DangKy></s:Body></s:Envelope>'
    )


def ours(version: str, key: Keys, folder: Path, reference: KeyReference = "token") -> Path:
    """An envelope that the hub signed."""
    ids = itertools.count(1)
    root = xml.parse(envelope(version).encode())
    sign_envelope(
        root,
        key.signer,
        created=system_clock(),  # WSS4J compares with the machine's clock, and a message lives minutes
        ttl=timedelta(minutes=5),
        new_id=lambda: str(next(ids)),
        key_reference=reference,
    )
    return written(root, folder)


def written(root: etree._Element, folder: Path) -> Path:
    """The envelope in a file."""
    path = folder / "signed.xml"
    path.write_bytes(xml.serialize(root))
    return path


def tampered(path: Path, old: str = TEXT, new: str = "Nguyễn Thị Ánh Nguyệt") -> Path:
    """The same message with one text changed."""
    data = path.read_bytes()
    assert old.encode() in data
    changed = path.with_name("tampered.xml")
    changed.write_bytes(data.replace(old.encode(), new.encode()))
    return changed


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=["1.1", "1.2"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reference", ["token", "subject-key-identifier"])
def test_wss4j_accepts_ours(
    version: str, name: str, reference: KeyReference, keys: dict[str, Keys], java: Judge, tmp_path: Path
) -> None:
    """WSS4J finds Body, Timestamp and every addressing header signed, and refuses a change of any."""
    path = ours(version, keys[name], tmp_path, reference)
    said = java.ask("wss-verify", path, keys[name].certificate_path)
    assert set(said.split()) == SIGNED
    for old, new in ((TEXT, "x"), ("urn:cutru", "urn:bhxh"), ("Z</wsu:Expires>", "0Z</wsu:Expires>")):
        with pytest.raises(No):
            java.ask("wss-verify", tampered(path, old, new), keys[name].certificate_path)


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=["1.1", "1.2"])
@pytest.mark.parametrize("name", NAMES)
def test_xmlsec1_accepts_ours(version: str, name: str, keys: dict[str, Keys], tmp_path: Path) -> None:
    """xmlsec1 verifies the envelope's signature, and refuses it about somebody else."""
    path = ours(version, keys[name], tmp_path)
    signed = [
        f"{version}:Body",
        f"{WSU}:Timestamp",
        *(f"{WSA}:{part}" for part in ("To", "Action", "MessageID")),
    ]
    identifiers = [f"Id {element}" for element in signed]
    xmlsec1(path, keys[name].certificate_path, *identifiers)
    with pytest.raises(No):
        xmlsec1(tampered(path), keys[name].certificate_path, *identifiers)


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=["1.1", "1.2"])
def test_javascript_accepts_ours(
    version: str, keys: dict[str, Keys], javascript: Judge, tmp_path: Path
) -> None:
    """xml-crypto verifies the envelope's signature, and refuses it about somebody else."""
    path = ours(version, keys["rsa-2048"], tmp_path)
    javascript.ask("dsig-verify", path, keys["rsa-2048"].certificate_path)
    with pytest.raises(No):
        javascript.ask("dsig-verify", tampered(path), keys["rsa-2048"].certificate_path)


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=["1.1", "1.2"])
@pytest.mark.parametrize("token", ["direct", "ski"])
def test_we_accept_wss4j(
    version: str, token: str, keys: dict[str, Keys], java: Judge, tmp_path: Path
) -> None:
    """An envelope signed by WSS4J is the partner's, by token or key identifier; changed or unknown it is refused."""
    key = keys["rsa-2048"]
    (tmp_path / "in.xml").write_text(envelope(version), "utf-8")
    out = tmp_path / "out.xml"
    java.ask("wss-sign", tmp_path / "in.xml", out, key.p12_path, token)
    trust = Trust({"cutru": [key.certificate]})
    proved = verify_envelope(xml.parse(out.read_bytes()), trust, system_clock())
    assert (proved.partner, proved.body.findtext(".//{urn:ct}HoTen")) == ("cutru", TEXT)
    assert {etree.QName(name).localname for name in proved.headers} == {"To", "Action", "MessageID"}
    for old in (TEXT, "urn:dang-ky", "urn:uuid:1"):
        with pytest.raises(SigningError):
            verify_envelope(xml.parse(tampered(out, old, old + "2").read_bytes()), trust, system_clock())
    with pytest.raises(SigningError):
        verify_envelope(
            xml.parse(out.read_bytes()), Trust({"cutru": [keys["ecdsa-p256"].certificate]}), system_clock()
        )
