"""Health facilities, each a sender of its own."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

import aiohttp
from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.core.agency import Agency
from sandbox.core.callbacks import Callback
from sandbox.core.dsig import sign_two_reference
from sandbox.core.fields import structure_schema
from sandbox.core.keys import Identity, identity
from sandbox.core.readable import local, readable
from sandbox.core.xml import NotXml, add, parse, serialize, text
from sandbox.yte import papers
from sandbox.yte.papers import ROOTS

FACILITIES = {"01005": "Bệnh viện Phụ sản thành phố", "01010": "Bệnh viện Đa khoa tỉnh"}
FORM = "application/x-www-form-urlencoded"
XML = "application/xml; charset=utf-8"
HOLDER = "CHUKYDONVI"
FINAL = frozenset({"200", "210", "205", "1001", "1002", "1003"})
"""Result codes after which sending the same again is of no use."""
TABLES = """
CREATE TABLE IF NOT EXISTS paper (
    code TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL, facility TEXT NOT NULL, tags TEXT NOT NULL,
    document BLOB NOT NULL, withdrawn INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (code, version)
);
"""


class Yte(Agency):
    """Facilities that push what they certify. Options: ``password-<facility>``, ``callback_path``, ``api_key``."""

    name, title, english = "yte", "Cơ sở khám bệnh, chữa bệnh", "Health facilities"
    schema = TABLES

    def prepare(self) -> None:
        """Keys of all facilities, their certificates in one file, and the schema."""
        options = self.site.options
        self.api_key = str(options.get("api_key", "khoa-yte"))
        self.path = str(options.get("callback_path", "/agency/yte"))
        self.passwords = {code: str(options.get(f"password-{code}", "mat-khau-thu")) for code in FACILITIES}
        self.keys = {code: identity(self.folder, f"cskcb-{code}", self.clock()) for code in FACILITIES}
        bundle = self.folder / "facilities.pem"
        bundle.write_text("".join(key.pem for key in self.keys.values()), encoding="ascii")
        self.identity: Identity = dataclasses.replace(self.identity, certificate_path=bundle)
        self.contract = self.contract_folder / "yte.xsd"
        self.documents = structure_schema(self.contract)
        self.tokens: dict[str, tuple[str, str]] = {}

    def routes(self) -> Sequence[BaseRoute]:
        """The question by code, and issuing by hand."""
        return [
            Route("/api/traCuuChungTu", self._look_up, methods=["POST"]),
            Route("/cap", self._issue_by_hand, methods=["POST"]),
        ]

    def reply_names(self) -> list[str]:
        """Documents of the answers."""
        return ["ChungTu"]

    # ------------------------------------------------------------------ issuing

    def issue(self, kind: str, facility: str = "01005", **tags: str) -> str:
        """Let a facility issue a ``birth`` or ``death`` certificate; its code. `push` hands the data over."""
        kind_of_paper = "GCS" if kind == "birth" else "GBT"
        sql = "SELECT count(DISTINCT code) AS n FROM paper WHERE kind = ? AND facility = ?"
        number = self.database.rows(sql, (kind, facility))[0]["n"] + 1
        code = f"{number:05d}.{kind_of_paper}.{facility}.{local(self.clock(), '%y')}"
        plain = papers.birth if kind == "birth" else papers.death
        self._write(kind, code, facility, {**plain(code, facility, self.clock()), **tags})
        return code

    def reissue(self, code: str, **tags: str) -> None:
        """The paper again with other data; it keeps its code. Raises KeyError."""
        row = self._paper(code)
        again = {"CAP_LAN_DAU": "0"} if row["kind"] == "birth" else {}
        self._write(row["kind"], code, row["facility"], {**json.loads(row["tags"]), **again, **tags})

    def withdraw(self, code: str) -> None:
        """The paper was issued by mistake: whoever asks for its code finds nothing. Raises KeyError."""
        self._paper(code)
        with self.database.transaction() as sql:
            sql.execute("UPDATE paper SET withdrawn = 1 WHERE code = ?", (code,))

    def push(self, code: str) -> None:
        """Hand the newest version over to the hub at the next tick. Raises KeyError."""
        row = self._paper(code)
        self.callbacks.add(code, ROOTS[row["kind"]][0], self.path, bytes(row["document"]))

    def _write(self, kind: str, code: str, facility: str, tags: Mapping[str, str]) -> None:
        sql = "SELECT count(*) AS n FROM paper WHERE code = ?"
        version = self.database.rows(sql, (code,))[0]["n"] + 1
        identifier = f"Id-{self.site.new_id()}"
        unsigned = papers.document(kind, self.contract, tags, identifier)
        signed = self.signed(unsigned, facility)
        with self.database.transaction() as change:
            change.execute(
                "INSERT INTO paper (code, version, kind, facility, tags, document) VALUES (?, ?, ?, ?, ?, ?)",
                (code, version, kind, facility, json.dumps(dict(tags)), serialize(signed)),
            )
            title = tags.get("HOTEN_NND") or tags.get("HO_TEN", "")
            self.desk.take(f"{code}/{version}", code, ROOTS[kind][0], readable(title, unsigned), title=title)

    def signed(self, root: etree._Element, facility: str) -> etree._Element:
        """The document signed by the facility in the two-reference profile."""
        payload = str(root[0].tag)
        return sign_two_reference(root, self.keys[facility], payload=payload, holder=HOLDER, at=self.clock())

    def _paper(self, code: str) -> Any:
        row = self.database.row("SELECT * FROM paper WHERE code = ? ORDER BY version DESC LIMIT 1", (code,))
        if row is None:
            raise KeyError(code)
        return row

    async def _issue_by_hand(self, request: Request) -> Response:
        """POST /cap with JSON: kind, facility, tags; or code and tags for a new issue."""
        given = await request.json()
        tags = {str(name): str(value) for name, value in dict(given.get("tags", {})).items()}
        try:
            if "code" in given:
                code = str(given["code"])
                self.reissue(code, **tags)
            else:
                kind, facility = str(given.get("kind", "birth")), str(given.get("facility", "01005"))
                code = self.issue(kind, facility, **tags)
            self.push(code)
        except (KeyError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"code": code})

    # ------------------------------------------------------------------ handing over

    async def tick(self) -> None:
        """Take a token for every facility that has something to say, then say it."""
        waiting = {item.key.split(".")[2] for item in self.callbacks.all() if not item.done}
        for facility in sorted(waiting):
            await self._take_token(facility)
        await super().tick()

    async def _take_token(self, facility: str) -> None:
        if self.hub_url is None:
            return
        form = {"username": facility, "password": self.passwords[facility]}
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(self.hub_url + self.path, data=form) as answer,
            ):
                given = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return  # the next tick asks again; what waits stays in the outbox
        self.tokens[facility] = (given.get("access_token", ""), given.get("id_token", ""))

    def form(self, facility: str, kind: str, document: bytes) -> dict[str, str]:
        """The fields that go with a document."""
        token, identity_token = self.tokens.get(facility, ("", ""))
        password = md5(self.passwords[facility].encode(), usedforsecurity=False).hexdigest()
        return {
            "maCskcb": facility,
            "token": token,
            "id_token": identity_token,
            "username": facility,
            "password": password,
            "loaiHs": ROOTS[kind][2],
            "fileBase64Str": b64encode(document).decode(),
        }

    def seal_callback(self, callback: Callback) -> tuple[bytes, Mapping[str, str]]:
        """The signed document inside the gateway's form."""
        kind = "birth" if callback.operation == "HSDLGCS" else "death"
        fields = self.form(callback.key.split(".")[2], kind, callback.payload)
        return urlencode(fields).encode(), {"Content-Type": FORM}

    def acknowledged(self, callback: Callback, status: int, body: bytes) -> bool:
        """Whether the hub has said something final, which may be a refusal."""
        try:
            answer = parse(body)
        except NotXml:
            return False
        return not self.documents.errors(answer) and text(answer, "MaKetQua") in FINAL

    # ------------------------------------------------------------------ looking up

    async def _look_up(self, request: Request) -> Response:
        """HoiChungTu: the certificate as its facility signed it."""
        answer = etree.Element("ChungTu")
        question = self._question(request.headers.get("x-api-key", ""), await request.body())
        if isinstance(question, str):
            add(answer, "MaKetQua", question)
            return Response(serialize(answer), media_type=XML)
        code = text(question, "MaChungTu")
        row = self.database.row(
            "SELECT document FROM paper WHERE code = ? AND withdrawn = 0 ORDER BY version DESC LIMIT 1",
            (code,),
        )
        add(answer, "MaKetQua", "1005" if row is None else "200")
        if row is not None:
            answer.append(parse(bytes(row["document"])))
        return Response(serialize(answer), media_type=XML)

    def _question(self, key: str, body: bytes) -> etree._Element | str:
        """The question, or the code of what is wrong with it."""
        if key != self.api_key:
            return "401"
        try:
            root = parse(body)
        except NotXml:
            return "1003"
        is_valid = root.tag == "HoiChungTu" and not self.documents.errors(root)
        return root if is_valid and not self.documents.field_errors(root) else "1003"
