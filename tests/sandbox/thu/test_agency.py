"""The relay shows what it took in, once."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import aiohttp
import pytest

from sandbox import Sandbox
from sandbox.thu import Thu


def mail(name: str = "<one@lienthong.example>") -> EmailMessage:
    """A mail with a Vietnamese subject, as text and as a page."""
    made = EmailMessage()
    made["From"], made["To"], made["Message-ID"] = "a@lienthong.example", "b@vidu.vn", name
    made["Subject"] = "Đã tiếp nhận hồ sơ"
    made.set_content("Hồ sơ <của> ông/bà.\n\nHẹn trả ngày mai.")
    made.add_alternative("<p>Hồ sơ</p>", subtype="html")
    return made


def hand_over(address: str, *mails: EmailMessage) -> None:
    """Send over SMTP."""
    with smtplib.SMTP("127.0.0.1", int(address.rpartition(":")[2]), timeout=5) as client:
        for each in mails:
            client.send_message(each)


async def test_a_mail_that_comes_twice_is_one_mail(tmp_path: Path) -> None:
    """T30: the Message-ID says that it is the same; the page shows it with its text, harmless."""
    async with Sandbox(tmp_path, agencies=["thu"]) as box:
        relay = cast(Thu, box.agency("thu"))
        await asyncio.to_thread(hand_over, box.url("thu"), mail(), mail())
        (kept,) = relay.mails()
        assert (kept["nguoi_nhan"], kept["tieu_de"], kept["so_lan"]) == ("b@vidu.vn", "Đã tiếp nhận hồ sơ", 2)
        async with aiohttp.ClientSession() as session:
            page = await (await session.get(relay.page_url)).text()
            listed = await (await session.get(relay.page_url.replace("/thu", "/_control/mails"))).json()
        assert "Hồ sơ &lt;của&gt; ông/bà." in page
        assert listed[0]["ma"] == "<one@lienthong.example>"


async def test_relay_that_is_down_comes_back(tmp_path: Path) -> None:
    """On the same port, with what it had; a reply can be put into its mouth."""
    async with Sandbox(tmp_path, agencies=["thu"]) as box:
        relay, address = cast(Thu, box.agency("thu")), box.url("thu")
        await relay.set_down(True)
        await relay.set_down(False)
        assert box.url("thu") == address
        relay.replies.append("451 4.3.0 later")
        with pytest.raises(smtplib.SMTPDataError, match=r"4\.3\.0 later"):
            await asyncio.to_thread(hand_over, address, mail())
        assert relay.mails() == []
