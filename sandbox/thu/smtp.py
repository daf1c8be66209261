"""A small SMTP server (RFC 5321 §4.5.1, the commands that every server must know) over asyncio streams."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

HOST = "127.0.0.1"
LARGEST = 10 * 1024 * 1024


@dataclass(slots=True)
class Mail:
    """One mail as it was handed over: the envelope, and the bytes between DATA and the dot."""

    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    content: bytes = b""


class SmtpServer:
    """Takes mails in; ``take`` says the reply to each (``250 …``). Can go away and come back on its port."""

    def __init__(self, take: Callable[[Mail], str], port: int = 0) -> None:
        """Nothing listens before `up`; ``port`` 0 takes a free one then."""
        self._take = take
        self.port = port
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.StreamWriter] = set()

    async def up(self) -> None:
        """Listen; idempotent."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, HOST, self.port, limit=LARGEST)
            self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse connections and cut those that are open; idempotent."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for writer in list(self._sessions):
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sessions.add(writer)
        # A client that goes away, or talks without end: the connection ends either way.
        ends = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        try:
            with contextlib.suppress(*ends):
                await _Session(reader, writer, self._take).run()
        finally:
            self._sessions.discard(writer)
            writer.close()


class _Session:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, take: Callable[[Mail], str]
    ) -> None:
        self._reader, self._writer, self._take = reader, writer, take
        self._mail = Mail()

    async def run(self) -> None:
        """Talk until the client says QUIT."""
        await self._say("220 thu.sandbox ESMTP")
        while True:
            line = (await self._reader.readuntil(b"\n")).decode("utf-8", "replace").strip()
            verb, _, rest = line.partition(" ")
            reply = await self._answer(verb.upper(), rest)
            await self._say(reply)
            if verb.upper() == "QUIT":
                return

    async def _answer(self, verb: str, rest: str) -> str:
        match verb:
            case "EHLO" | "HELO" | "NOOP" | "VRFY":
                return "250 thu.sandbox"
            case "RSET":
                self._mail = Mail()
                return "250 2.0.0 OK"
            case "MAIL" if rest.upper().startswith("FROM:"):
                self._mail = Mail(sender=_address(rest))
                return "250 2.1.0 OK"
            case "RCPT" if rest.upper().startswith("TO:") and self._mail.sender:
                self._mail.recipients.append(_address(rest))
                return "250 2.1.5 OK"
            case "DATA" if self._mail.recipients:
                return await self._data()
            case "MAIL" | "RCPT" | "DATA":
                return "503 5.5.1 bad sequence of commands"
            case "QUIT":
                return "221 2.0.0 bye"
        return "502 5.5.1 not implemented"

    async def _data(self) -> str:
        await self._say("354 end with <CRLF>.<CRLF>")
        lines: list[bytes] = []
        size = 0
        while (line := await self._reader.readuntil(b"\n")) != b".\r\n":
            size += len(line)
            if size > LARGEST:
                raise ConnectionAbortedError("the mail is too large")
            lines.append(line[1:] if line.startswith(b".") else line)
        mail, self._mail = self._mail, Mail()
        mail.content = b"".join(lines)
        return self._take(mail)

    async def _say(self, reply: str) -> None:
        self._writer.write(reply.encode() + b"\r\n")
        await self._writer.drain()


def _address(argument: str) -> str:
    """The address in ``FROM:<…>`` or ``TO:<…>``."""
    return argument.partition("<")[2].partition(">")[0]
