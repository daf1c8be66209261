"""The mail relay as an agency of the sandbox: SMTP in, a page to read."""

from __future__ import annotations

import email
import email.policy
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import BaseRoute, Route

from sandbox.core.agency import Agency, Site
from sandbox.thu.smtp import HOST, Mail, SmtpServer

SCHEMA = """
CREATE TABLE IF NOT EXISTS thu (
    id INTEGER PRIMARY KEY, ma TEXT NOT NULL UNIQUE, nguoi_nhan TEXT NOT NULL, tieu_de TEXT NOT NULL,
    noi_dung TEXT NOT NULL, trang TEXT NOT NULL, luc TEXT NOT NULL
);
"""
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem}article{border:1px solid #d5dce3;\
padding:0 1rem;margin:1rem 0}"
)


class Thu(Agency):
    """Mail relay. SMTP at the agency's port, pages at the next: ``/thu`` for people, ``/_control/mails`` as JSON."""

    name = "thu"
    title = "Máy chủ thư điện tử"
    english = "Mail relay"
    schema = SCHEMA

    def __init__(self, site: Site) -> None:
        """SMTP takes the port of ``site``, the pages the next one."""
        self.smtp = SmtpServer(self._take, site.port)
        self.replies: deque[str] = deque()
        super().__init__(replace(site, port=site.port + 1 if site.port else 0))

    def routes(self) -> Sequence[BaseRoute]:
        """The mails, for people and for programs."""
        return [Route("/thu", self._page), Route("/_control/mails", self._listed)]

    @property
    def url(self) -> str:
        """Where mail is handed over."""
        return f"smtp://{HOST}:{self.smtp.port}"

    @property
    def page_url(self) -> str:
        """Where mails are read."""
        return f"{super().url}/thu"

    async def start(self) -> None:
        """Listen on both ports."""
        await self.smtp.up()
        await super().start()

    async def stop(self) -> None:
        """Stop both for good."""
        await self.smtp.down()
        await super().stop()

    async def set_down(self, down: bool) -> None:
        """Refuse mail and pages, or come back on the same ports."""
        await (self.smtp.down() if down else self.smtp.up())
        await super().set_down(down)

    def mails(self) -> list[dict[str, Any]]:
        """All mails in the order in which they came first."""
        found = []
        for row in self.database.rows("SELECT * FROM thu ORDER BY id"):
            mail = dict(zip(row.keys(), row, strict=True))
            found.append({**mail, "so_lan": self.desk.get(mail["ma"]).times})
        return found

    def _take(self, mail: Mail) -> str:
        if self.replies:
            return self.replies.popleft()
        parsed = email.message_from_bytes(mail.content, policy=email.policy.default)
        known = str(parsed["Message-ID"] or "")
        if not known:
            return "554 5.6.0 no Message-ID"
        subject = str(parsed["Subject"] or "")
        text, page = _body(parsed, "plain"), _body(parsed, "html")
        with self.database.transaction() as sql:
            taken = self.desk.take(known, mail.recipients[0], "Mail", f"{subject}\n{text}", title=subject)
            if not taken.again:
                row = (known, ", ".join(mail.recipients), subject, text, page, self.clock().isoformat())
                sql.execute(
                    "INSERT INTO thu (ma, nguoi_nhan, tieu_de, noi_dung, trang, luc) VALUES (?,?,?,?,?,?)",
                    row,
                )
                self.desk.effect(known, subject)
        return "250 2.0.0 OK"

    async def _listed(self, request: Request) -> JSONResponse:
        return JSONResponse(self.mails())

    async def _page(self, request: Request) -> HTMLResponse:
        shown = "".join(_article(mail) for mail in reversed(self.mails()))
        head = f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{self.title}</title>'
        return HTMLResponse(
            f"{head}<style>{STYLE}</style></head><body><h1>{self.title}</h1>{shown}</body></html>"
        )


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def _article(mail: dict[str, Any]) -> str:
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in str(mail["noi_dung"]).split("\n\n"))
    envelope = f"{escape(mail['nguoi_nhan'])} · {escape(mail['luc'])}"
    return (
        f"<article><h2>{escape(mail['tieu_de'])}</h2><p><small>{envelope}</small></p>{paragraphs}</article>"
    )
