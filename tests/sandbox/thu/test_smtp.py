"""The sandbox's SMTP server talks as clients expect, in order and out of it."""

from __future__ import annotations

import asyncio
import smtplib

import pytest

from sandbox.thu.smtp import Mail, SmtpServer


async def test_a_mail_arrives_as_it_was_sent() -> None:
    """Lines that begin with a dot too; the session stays good for the next mail."""
    taken: list[Mail] = []
    server = SmtpServer(lambda mail: taken.append(mail) or "250 OK")  # type: ignore[func-returns-value]
    await server.up()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client:
            client.sendmail("a@lienthong.example", ["b@vidu.vn"], b"Subject: x\r\n\r\n.dot\r\n")
            client.sendmail("a@lienthong.example", ["c@vidu.vn"], b"Subject: y\r\n\r\nz\r\n")

    await asyncio.to_thread(send)
    await server.down()
    assert [mail.recipients for mail in taken] == [["b@vidu.vn"], ["c@vidu.vn"]]
    assert taken[0].content == b"Subject: x\r\n\r\n.dot\r\n"


async def test_commands_out_of_order_are_refused() -> None:
    """No recipient before a sender, no content before a recipient, nothing that does not exist."""
    server = SmtpServer(lambda mail: "250 OK")
    await server.up()

    def talk() -> list[int]:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client:
            said = ["RCPT TO:<b@vidu.vn>", "DATA", "EXPN x", "NOOP", "RSET"]
            return [client.docmd(line)[0] for line in said]

    assert await asyncio.to_thread(talk) == [503, 503, 502, 250, 250]
    await server.down()
    with pytest.raises(OSError, match="refused"):
        await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", server.port)
