"""A birth certificate signed by xmlsec, the library behind the signing tools that hospitals use, is taken in."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import xmlsec
import yaml
from lxml import etree

from adapters.base import Inbound, Received, Resources
from adapters.errors import Refused
from adapters.gateway_service import GatewayService, GatewayServiceSettings
from adapters.http import HttpClient
from sandbox.core.keys import Identity, identity
from signing.keys import read_certificates
from signing.trust import Trust

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CASE = Path("mappings/gcs-to-certificate/cases/first-issue.in.xml")
PASSWORD = "mat-khau-thu"
OBJECT = "Object-CHUKYDONVI-Id-1"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """The facility's key."""
    return identity(tmp_path_factory.mktemp("facility"), "cskcb-01005", NOW)


@pytest.fixture
def receiver(key: Identity) -> GatewayService:
    """The hub's door, as the project sets it up."""
    config = yaml.safe_load(Path("config/agencies/yte.yaml").read_text("utf-8"))
    settings = GatewayServiceSettings.model_validate(config["adapters"]["receive"]["settings"])
    trust = Trust({"yte": read_certificates(key.certificate_path)})
    http = HttpClient(clock=lambda: NOW)
    lent = Resources(http, Path("xsd"), lambda: NOW, lambda: "0", lambda name: PASSWORD, None, trust)
    return GatewayService(settings, lent)


def signed(key: Identity, uris: tuple[str, ...] = (f"#{OBJECT}", "#Id-1")) -> etree._Element:
    """The certificate of the golden case with a signature by xmlsec over ``uris``."""
    root = etree.parse(str(CASE), etree.XMLParser(remove_blank_text=True)).getroot()  # noqa: TID251
    node = xmlsec.template.create(root, xmlsec.Transform.C14N, xmlsec.Transform.RSA_SHA256)
    for uri in uris:
        reference = xmlsec.template.add_reference(node, xmlsec.Transform.SHA256, uri=uri)
        xmlsec.template.add_transform(reference, xmlsec.Transform.C14N)
    info = xmlsec.template.ensure_key_info(node)
    xmlsec.template.add_x509_data(info)
    held = etree.SubElement(node, f"{{{xmlsec.constants.DSigNs}}}Object", Id=OBJECT)
    held.text = "2026-11-23T03:00:00Z"
    root[1].append(node)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(
        str(key.certificate_path).replace(".crt.", ".key."), xmlsec.KeyFormat.PEM
    )
    context.key.load_cert_from_file(str(key.certificate_path), xmlsec.KeyFormat.PEM)
    context.register_id(root[0], "Id")
    context.register_id(held, "Id")
    context.sign(node)
    return root


def send(receiver: GatewayService, root: etree._Element) -> Received:
    """Take a token and hand the certificate over."""
    login = urlencode({"username": "01005", "password": PASSWORD}).encode()
    granted = receiver.grant(Inbound("POST", "/agency/yte", {}, login))
    assert granted is not None
    token: dict[str, Any] = json.loads(granted.body)
    fields = {
        "maCskcb": "01005",
        "token": token["access_token"],
        "id_token": token["id_token"],
        "username": "01005",
        "password": hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest(),
        "loaiHs": "61",
        "fileBase64Str": base64.b64encode(etree.tostring(root)).decode(),
    }
    return receiver.receive(Inbound("POST", "/agency/yte", {}, urlencode(fields).encode()))


def test_signed_by_xmlsec(receiver: GatewayService, key: Identity) -> None:
    """Another library's signature in the two-reference profile is verified, and its signer named."""
    received = send(receiver, signed(key))
    assert received.operation == "GCS"
    assert received.signer is not None
    assert "cskcb-01005" in received.signer


def test_tampered(receiver: GatewayService, key: Identity) -> None:
    """One digit changed after signing is enough."""
    root = signed(key)
    weight = root.find("GIAYCHUNGSINH/CAN_NANG_CON")
    assert weight is not None
    weight.text = "3151"
    with pytest.raises(Refused) as refused:
        send(receiver, root)
    assert refused.value.reason == "untrusted"


@pytest.mark.parametrize(
    "uris", [("#Id-1",), (f"#{OBJECT}",), ("#Id-1", "#Id-1"), (f"#{OBJECT}", f"#{OBJECT}")]
)
def test_not_the_two_references(receiver: GatewayService, key: Identity, uris: tuple[str, ...]) -> None:
    """A signature over the document alone, its own object alone, or one of them twice is another profile."""
    with pytest.raises(Refused) as refused:
        send(receiver, signed(key, uris))
    assert refused.value.reason == "untrusted"
