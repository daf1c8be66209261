"""webhook keeps the contract of a sender; what it posts can be verified and understood by a stranger."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from adapters.base import Answer, Reply, Request
from adapters.errors import Rejected
from adapters.http import HttpClient
from adapters.webhook import SPEC
from lienthong.fake_agency import UNUSABLE
from lienthong.testing import NOW, AdapterContract, FakeAgency, Heard

LT = "{urn:lienthong:1.0}"
NOTICE = """<Notice xmlns="urn:lienthong:1.0"><Key>key-{number}</Key>
<DossierCode>G22.99.08-261122-000123</DossierCode><Kind>received</Kind><At>2026-11-22T09:00:00+07:00</At>
<Due>2026-11-25T17:00:00+07:00</Due>
<Subject><Vi>Đã tiếp nhận hồ sơ</Vi><En>Received</En></Subject>
<Paragraph><Vi>Hồ sơ đã được tiếp nhận.</Vi><En>Your dossier was received.</En></Paragraph></Notice>"""
STATE = """<StateReport xmlns="urn:lienthong:1.0"><DossierCode>G22.99.08-261122-000123</DossierCode>
<Code system="dvcqg">DVC-1</Code><Procedure>2.002621</Procedure><Step>registration</Step><Agency>hotich</Agency>
<Key>key-s</Key><State>received</State><At>2026-11-22T09:00:00+07:00</At><Inferred>false</Inferred></StateReport>"""
CONFIRMED = [b"", b"<!DOCTYPE html><html>", b"<a><b></a>", b"<a/>"]
UNHEARD = sorted(set(UNUSABLE) - {"nothing in it", "web page", "broken XML", "another document"})


class TestWebhook(AdapterContract):
    """The sender keeps its promises."""

    spec = SPEC
    secrets = {"hook": "s3cr3t-hook"}  # noqa: RUF012 - a constant of the suite

    def settings(self, url: str) -> dict[str, Any]:
        """A client that hears notices and states."""
        return {
            "url": f"{url}/nghe",
            "secret": "hook",
            "xsd": ["lienthong/1.0/notice.xsd", "lienthong/1.0/step.xsd"],
            "operations": {"notice": f"{LT}Notice", "state": f"{LT}StateReport"},
            "lists": ["Paragraph", "Code"],
        }

    def request(self, number: int = 0) -> Request:
        """A notice."""
        return Request("notice", NOTICE.replace("{number}", str(number)).encode(), f"key-{number}")

    def agency(self, heard: Heard) -> Answer:
        """A client that repeats the key in its confirmation."""
        return Answer(200, heard.headers.get("idempotency-key", "").encode(), "text/plain")

    def belongs(self, request: Request, reply: Reply) -> bool:
        """The answer is the key."""
        return reply.body == request.key.encode()

    @pytest.mark.parametrize("how", UNHEARD)
    async def test_unusable_answer_has_a_class(self, http: HttpClient, how: str) -> None:
        """As for every sender, but for answers of which only the status counts here."""
        await super().test_unusable_answer_has_a_class(http, how)

    @pytest.mark.parametrize("body", CONFIRMED)
    async def test_any_success_confirms(self, http: HttpClient, body: bytes) -> None:
        """What a listener writes into a 2xx answer does not matter."""
        async with FakeAgency(lambda _: Answer(202, body, "text/html")) as client:
            sender = self.build(client.url, http)
            assert (await sender.send(sender.encode(self.request()))).status == 202

    async def test_refusal_is_for_good(self, http: HttpClient) -> None:
        """A client that answers 422 will not want it tomorrow."""
        async with FakeAgency(lambda _: Answer(422, b"", "text/plain")) as client:
            sender = self.build(client.url, http)
            assert isinstance(await self._failure(sender, sender.encode(self.request())), Rejected)

    async def test_stranger_can_verify(self, http: HttpClient) -> None:
        """Whoever shares the secret verifies time and body with a few lines of standard code."""
        async with FakeAgency(self.agency) as client:
            sender = self.build(client.url, http)
            await sender.send(sender.encode(self.request()))
        heard = client.heard[-1]
        timestamp = heard.headers["x-lienthong-timestamp"]
        expected = hmac.new(b"s3cr3t-hook", f"{timestamp}.".encode() + heard.body, hashlib.sha256).hexdigest()
        assert heard.headers["x-lienthong-signature"] == f"sha256={expected}"
        assert int(timestamp) == int(NOW.timestamp())

    def test_notice_as_json(self, sender: Any) -> None:
        """Members are named as in the schema; what may repeat is an array even if there is one."""
        notice = json.loads(sender.encode(self.request()).body)["Notice"]
        assert notice["Subject"]["Vi"] == "Đã tiếp nhận hồ sơ"
        assert [paragraph["En"] for paragraph in notice["Paragraph"]] == ["Your dossier was received."]

    def test_attributes_stand_beside_the_value(self, sender: Any) -> None:
        """A code keeps the system that gave it."""
        report = json.loads(sender.encode(Request("state", STATE.encode(), "key-s")).body)["StateReport"]
        assert report["Code"] == [{"value": "DVC-1", "system": "dvcqg"}]
