"""Citizens, clients and the electronic store hear what happens: real relay, real web hook, real portal."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from adapters.base import Answer
from broker.model import DeliveryState
from broker.store.rows import DeliveryFilter
from lienthong.fake_agency import FakeAgency, Heard
from sandbox.dvcqg import DVCQG
from sandbox.thu import Thu
from tests.worlds import Stage, birth, stage, texts

EMAIL = "phu-huynh@vidu.vn"


def mails(world: Stage) -> list[dict[str, Any]]:
    """What the relay took in."""
    return cast(Thu, world.sandbox.agency("thu")).mails()


def portal(world: Stage) -> DVCQG:
    """The portal of the sandbox."""
    return cast(DVCQG, world.sandbox.agency("dvcqg"))


def subjects(world: Stage) -> list[str]:
    """Subjects of all mails, oldest first."""
    return [mail["tieu_de"] for mail in mails(world)]


async def test_a_birth_is_told_from_receipt_to_the_end(tmp_path: Path) -> None:
    """T30: the receipt has code and appointment; each result, the end and nothing personal; T10: results are filed."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(email=EMAIL))
        await world.finish(code)
        told = subjects(world)
        assert told[0] == f"Đã tiếp nhận hồ sơ {code}"
        assert f"Hồ sơ {code}: đã có kết quả “Đăng ký khai sinh”" in told
        assert told[-1] == f"Hồ sơ {code}: đã hoàn thành"
        receipt = mails(world)[0]
        assert receipt["nguoi_nhan"] == EMAIL
        assert code in receipt["noi_dung"]
        number = world.hub.store.read(lambda tx: tx.dossiers.by_code(code))
        assert number is not None
        shown = " ".join(mail["noi_dung"] + mail["trang"] for mail in mails(world))
        mother = birth().mother
        assert mother is not None
        assert mother.number not in shown
        kept = {row["ten"] for row in portal(world).store(code)}
        assert {"Giấy khai sinh", "Thẻ bảo hiểm y tế", "Thẻ căn cước"} <= kept
        status = await world.status(code)
        assert set(texts(status, "CopyState")) == {"confirmed"}


async def test_steps_not_chosen_are_remembered(tmp_path: Path) -> None:
    """T11: whoever registered the birth alone is told once which linked procedures are still open."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(email=EMAIL, residence=None, head=None, identity_card=None))
        await world.finish(code)
        reminders = [mail for mail in mails(world) if "còn thủ tục liên thông" in mail["tieu_de"]]
        assert len(reminders) == 1
        assert "Đăng ký thường trú, Cấp thẻ căn cước" in reminders[0]["noi_dung"]


async def test_a_missed_appointment_is_excused(tmp_path: Path) -> None:
    """An agency that stays silent past its day: one letter with a new appointment, and the portal knows both dates."""
    async with stage(tmp_path) as world:
        world.sandbox.agency("hotich").decisions.add({"outcome": "hold"})
        code = await world.submit(birth(email=EMAIL))
        await world.settle()
        await world.advance(timedelta(hours=9), step=timedelta(hours=1))
        letters = [mail for mail in mails(world) if "xin lỗi" in mail["tieu_de"]]
        assert len(letters) == 1
        assert "Ngày hẹn trả mới" in letters[0]["noi_dung"]
        effects = [
            effect
            for record in portal(world).desk.records(dossier=code)
            for effect in portal(world).desk.effects(record.key)
        ]
        assert any(effect.startswith("Hẹn lại") for effect in effects)
        step = world.dossier(code).step("registration")
        assert step.missed is not None
        assert step.due is not None
        assert step.due > step.missed


async def test_mail_survives_a_relay_that_is_away(tmp_path: Path) -> None:
    """The dossier does not wait for the relay; the mails leave when it is back, each once."""
    async with stage(tmp_path) as world:
        relay = world.sandbox.agency("thu")
        await relay.set_down(True)
        code = await world.submit(birth(email=EMAIL))
        await world.finish(code)
        assert mails(world) == []
        await relay.set_down(False)
        await world.until(lambda: len(mails(world)) >= 3, within=timedelta(hours=3))
        assert all(mail["so_lan"] == 1 for mail in mails(world))


async def test_a_web_hook_hears_signed_states_and_notices(tmp_path: Path) -> None:
    """Every state that the portal is told, and the same notices without an address; verified with the shared secret."""
    async with FakeAgency(lambda _: Answer(204, b"", "text/plain")) as client:
        (tmp_path / "hook").write_text("bi-mat-chung", encoding="utf-8")
        hook = {"url": f"{client.url}/nghe", "secret": "hook"}
        overrides = {"hub.secrets.hook": f"file:{tmp_path / 'hook'}", "hub.clients": [_client(hook)]}
        async with stage(tmp_path / "world", overrides=overrides) as world:
            code = await world.submit(birth())
            await world.finish(code)
            assert mails(world) == []
            sent = world.hub.store.read(
                lambda tx: tx.deliveries.list(DeliveryFilter(agency="webhook-dvcqg"), limit=200)
            ).items
            assert {delivery.state for delivery in sent} == {DeliveryState.DONE}
    documents = [json.loads(heard.body) for heard in client.heard]
    states = [body["StateReport"]["State"] for body in documents if "StateReport" in body]
    kinds = [body["Notice"]["Kind"] for body in documents if "Notice" in body]
    assert {"received", "completed"} <= set(states)
    assert kinds[0] == "received"
    assert kinds[-1] == "completed"
    assert all(_is_ours(heard, b"bi-mat-chung") for heard in client.heard)


def _client(hook: dict[str, str]) -> dict[str, Any]:
    may = ["submit", "status", "supplement", "withdraw", "attach"]
    return {"id": "dvcqg", "key": "portal-key", "signature": "optional", "may": may, "webhook": hook}


def _is_ours(heard: Heard, secret: bytes) -> bool:
    timestamp = heard.headers["x-lienthong-timestamp"].encode()
    digest = hmac.new(secret, timestamp + b"." + heard.body, hashlib.sha256).hexdigest()
    return heard.headers["x-lienthong-signature"] == f"sha256={digest}"
