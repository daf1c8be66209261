"""gateway-service keeps the contract of a receiver, and holds token, account, signer and facility together."""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from adapters.base import Inbound
from adapters.gateway_service import SPEC, GatewayService
from lienthong.testing import NOW, ReceiverContract
from signing.xml import parse, serialize
from signing.xmlsig.xmldsig import sign_two_reference
from tests import pki

CONTRACTS = Path(__file__).parent / "contracts"
PROFILE = {"kind": "two-reference", "document": "FORM", "holder": "SIGN"}
REFUSAL = "<RECEIPT><KEY>key-0</KEY><CODE>{code}</CODE></RECEIPT>"
PASSWORD = "s3cr3t-word"


@functools.cache
def signed(key: str = "key-0", *, name: str = "yte", sign: bool = True) -> bytes:
    """A card of facility ``name``."""
    root = parse(f'<CARD><FORM Id="Id-1"><KEY>{key}</KEY><NAME>{name}</NAME></FORM></CARD>'.encode())
    if sign:
        sign_two_reference(root, pki.signer("yte"), payload="FORM", holder="SIGN", at=NOW)
    return serialize(root)


class TestGateway(ReceiverContract):
    """A form with a token, and the signed document inside."""

    spec = SPEC
    contracts = CONTRACTS
    secrets = {"p": PASSWORD, "q": "s3cr3t-other"}  # noqa: RUF012

    def settings(self, url: str) -> dict[str, Any]:
        """Two accounts, one document; facilities are called after their certificates."""
        document = {"kind": "61", "input": "CARD", "facility": "FORM/NAME", "signature": PROFILE}
        return {
            "accounts": {"yte": "p", "bhxh": "q"},
            "operations": {"GCS": document},
            "xsd": "card.xsd",
            "output": "RECEIPT",
            "codes": {"forbidden": "401", "untrusted": "401", "too-large": "101", "malformed": "205"},
            "refusal": REFUSAL,
            "size_limit": 20_000,
        }

    def trust(self) -> Any:
        """The facility."""
        return pki.trust("yte")

    def token(self, account: str = "yte", password: str = PASSWORD) -> dict[str, str]:
        """What the gateway gives to an account."""
        receiver = self.build("http://127.0.0.1:9", None)  # type: ignore[arg-type]
        body = urlencode({"username": account, "password": password}).encode()
        answer = receiver.grant(Inbound("POST", "/agency/yte", {}, body))
        return {"status": str(answer.status), **json.loads(answer.body)}

    def form(self, document: bytes, **changes: str) -> Inbound:
        """A whole form, but for the changes."""
        given = self.token()
        fields = {
            "maCskcb": "yte",
            "token": given["access_token"],
            "id_token": given["id_token"],
            "username": "yte",
            "password": hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest(),
            "loaiHs": "61",
            "fileBase64Str": base64.b64encode(document).decode(),
        }
        return Inbound("POST", "/agency/yte", {}, urlencode({**fields, **changes}).encode())

    def inbound(self, number: int = 0) -> Inbound:
        """A signed card."""
        return self.form(signed(f"key-{number}"))

    def invalid(self) -> Inbound:
        """A key that the pattern forbids, signed."""
        return self.form(signed("wrong"))

    def unsigned(self) -> Inbound:
        """Without the signature."""
        return self.form(signed(sign=False))

    def tampered(self) -> Inbound:
        """Changed after signing."""
        return self.form(signed().replace(b"key-0", b"key-1"))

    def result(self) -> bytes:
        """A receipt."""
        return b"<RECEIPT><KEY>key-0</KEY><CODE>200</CODE></RECEIPT>"

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"loaiHs": "60"}, "unknown-operation"),
            ({"fileBase64Str": "*"}, "malformed"),
            ({"fileBase64Str": "PHg="}, "invalid"),
            ({"fileBase64Str": "A" * 30_000}, "too-large"),
            ({"maCskcb": "bhxh"}, "forbidden"),
            ({"username": "nobody"}, "forbidden"),
            ({"password": PASSWORD + "x"}, "forbidden"),
            ({"token": "yte.1.0"}, "forbidden"),
            ({"id_token": "0"}, "forbidden"),
            ({"extra": "0"}, "malformed"),
        ],
    )
    def test_refusals(self, receiver: GatewayService, changes: dict[str, str], reason: str) -> None:
        """T34, T35, T36: each field of the form is held to what it says."""
        assert self._refusal(receiver, self.form(signed(), **changes)).reason == reason

    def test_too_long_tells_the_limit(self, receiver: GatewayService) -> None:
        """T34: whoever sends too much learns how much is allowed."""
        refused = self._refusal(receiver, self.form(signed(), fileBase64Str="A" * 30_000))
        assert "20000" in refused.detail

    def test_form_far_too_large_is_not_taken_apart(self, receiver: GatewayService) -> None:
        """Taking it apart would take many times its size; nothing of it is kept, because it holds a password."""
        inbound = self.form(signed(), fileBase64Str="A" * 60_000)
        assert self._refusal(receiver, inbound).reason == "too-large"
        assert receiver.grant(inbound) is None
        assert receiver.kept(inbound) == b""

    def test_document_of_another_facility(self, receiver: GatewayService) -> None:
        """T36: what is inside must be the sender's own."""
        assert self._refusal(receiver, self.form(signed(name="bhxh"))).reason == "invalid"

    def test_token_of_another_account(self, receiver: GatewayService) -> None:
        """T36: a token is worth nothing with another account."""
        other = self.token("bhxh", "s3cr3t-other")
        changed = self.form(signed(), token=other["access_token"], id_token=other["id_token"])
        assert self._refusal(receiver, changed).reason == "forbidden"

    def test_token_is_given_for_the_password_only(self) -> None:
        """A wrong password, or an account that nobody has, is answered 401."""
        assert self.token()["status"] == "200"
        assert self.token(password="wrong")["status"] == "401"
        assert self.token("nobody")["status"] == "401"

    def test_token_ends(self, receiver: GatewayService) -> None:
        """After its life a token is refused."""
        inbound = self.inbound()
        later = dataclasses.replace(receiver._resources, clock=lambda: NOW + timedelta(hours=1))
        receiver._resources = later
        assert self._refusal(receiver, inbound).reason == "forbidden"

    def test_what_is_kept_has_no_secret(self, receiver: GatewayService) -> None:
        """The log gets the signed document; of a form without one, who sent what kind of it."""
        assert receiver.kept(self.inbound()) == signed("key-0")
        broken = receiver.kept(self.form(signed(), fileBase64Str="*"))
        assert dict(parse_qsl(broken.decode())) == {"maCskcb": "yte", "username": "yte", "loaiHs": "61"}
        assert receiver.grant(self.inbound()) is None
