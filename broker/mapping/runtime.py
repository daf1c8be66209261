"""The functions that a generated stylesheet calls, and what they need to know about the current message.

Each runs in about a microsecond. None raises through libxslt: a refusal is noted as a problem and the
transformation goes on, so that an officer sees every fault of a document at once. One `Runtime` belongs to
one compiled stylesheet in one thread.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from lxml import etree

from broker.mapping import dates
from broker.mapping.checks import KINDS, RuntimeCheck
from broker.mapping.codes import AmbiguousCode, CodeTable, UnknownCode
from broker.mapping.errors import Problem
from broker.mapping.textspaces import change_case, split_name
from signing import xml

NAMESPACE = "urn:lienthong:mapping:functions"
LONGEST_TEXT = 10_000_000
"""Bytes that a parser reads as one text (libxml2): a document inside a document must be shorter."""

_NONE: Mapping[str, etree.XMLSchema] = {}
_INTEGER = re.compile(r"[+-]?[0-9]+")
Blobs = Callable[[str], bytes]
_PARTS = {"year": 1, "month": 2, "day": 3}
_PART_FORMS = {"year": "yyyy", "month": "MM", "day": "dd"}


class Runtime:
    """State of one transformation, and the functions bound to it."""

    def __init__(
        self,
        tables: Mapping[str, CodeTable],
        checks: Mapping[str, RuntimeCheck],
        zone: timedelta,
        inner: Mapping[str, etree.XMLSchema] = _NONE,
    ) -> None:
        """``inner``: target field → schema of the document that stands in it as text."""
        self.tables = tables
        self.checks = checks
        self.zone = zone
        self.inner = inner
        self.on = date.min
        self.blobs: Blobs | None = None
        self.problems: list[Problem] = []

    def begin(self, on: date, blobs: Blobs | None) -> None:
        """Forget the last message."""
        self.on = on
        self.blobs = blobs
        self.problems = []

    def functions(self) -> dict[tuple[str, str], Callable[..., Any]]:
        """The functions by namespace and name, as `lxml.etree.XSLT` takes them."""
        made: dict[str, Callable[..., Any]] = {
            "code": self.code, "date": self.date, "part": self.part, "join": self.join, "split": self.split,
            "upper": self.upper, "lower": self.lower, "cut": self.cut, "pad": self.pad, "number": self.number,
            "blob": self.blob, "need": self.need, "xml": self.xml,
        }  # fmt: skip
        return {(NAMESPACE, name): function for name, function in made.items()}

    def refuse(self, target: str, kind: str, detail: str = "") -> str:
        """Note a problem of a target field; the value becomes empty."""
        self.problems.append(problem(self.checks.get(f"{target}#{kind}"), target, kind, detail))
        return ""

    # ------------------------------------------------------------------ functions called by the stylesheet

    def code(self, _: object, text: str, table: str, way: str, unknown: str, target: str) -> str:
        """Translate a code; ``unknown`` is ``refuse``, ``keep`` or ``=`` and a fixed text. Never chooses for people."""
        if not text:
            return ""
        try:
            return self.tables[table].lookup(text, self.on, reverse=way == "reverse")
        except AmbiguousCode as error:
            return self.refuse(target, "choice", f"{table}: {', '.join(error.candidates)}")
        except UnknownCode:
            if unknown == "keep":
                return text
            return unknown[1:] if unknown.startswith("=") else self.refuse(target, "code", f"{table}: {text}")

    def date(self, _: object, text: str, reads: str, writes: str, target: str) -> str:
        """Rewrite a date; formats are separated by a vertical bar."""
        if not text:
            return ""
        try:
            moment = dates.read(text, tuple(reads.split("|")))
            written = dates.write(moment, tuple(writes.split("|")), self.zone)
        except (dates.DateRefused, OverflowError):
            return self.refuse(target, "date")
        return self.refuse(target, "partial") if written is None else written

    def part(self, _: object, text: str, reads: str, part: str, target: str) -> str:
        """Year, month or day of a date; empty if not known."""
        if not text:
            return ""
        try:
            moment = dates.read(text, tuple(reads.split("|")))
        except dates.DateRefused:
            return self.refuse(target, "date")
        if len(moment.values) < _PARTS[part]:
            return ""
        return (
            dates.write(moment, (_PART_FORMS[part],), self.zone) or ""
            if part == "year"
            else f"{moment.values[_PARTS[part] - 1]:02d}"
        )

    def join(self, _: object, separator: str, *parts: str) -> str:
        """The parts that are not empty, with the separator between them."""
        return separator.join(part for part in parts if part)

    def split(self, _: object, text: str, part: str) -> str:
        """One part of a full name."""
        return split_name(text, part)

    def upper(self, _: object, text: str) -> str:
        """Upper case."""
        return change_case(text, True)

    def lower(self, _: object, text: str) -> str:
        """Lower case."""
        return change_case(text, False)

    def cut(self, _: object, text: str, length: float) -> str:
        """At most so many characters."""
        return text if len(text) <= length else text[: int(length)].rstrip()

    def pad(self, _: object, text: str, length: float, fill: str) -> str:
        """Filled up on the left; an empty text stays empty."""
        return text.rjust(int(length), fill) if text else ""

    def number(self, _: object, text: str, target: str) -> str:
        """An integer in its shortest form."""
        if not text:
            return ""
        if _INTEGER.fullmatch(text) is None:
            return self.refuse(target, "number")
        return str(int(text)) if len(text) < 100 else self.refuse(target, "number")

    def blob(self, _: object, digest: str, target: str) -> str:
        """The base64 of a stored file, whose bytes must have the digest."""
        if not digest:
            return ""
        try:
            data = self.blobs(digest) if self.blobs is not None else None
        except (LookupError, OSError):
            data = None
        if data is None or hashlib.sha256(data).hexdigest() != digest:
            return self.refuse(target, "blob")
        return base64.b64encode(data).decode("ascii")

    def need(self, _: object, text: str, target: str) -> str:
        """The text, which must not be empty."""
        return text or self.refuse(target, "empty")

    def xml(self, _: object, nodes: list[etree._Element], target: str) -> str:
        """A document as text, once what a parser makes of that text has passed the document's own schema."""
        text = "".join(etree.tostring(node, encoding="unicode", with_tail=False) for node in nodes)
        data = text.encode()
        if len(data) >= LONGEST_TEXT:
            return self.refuse(target, "size")
        if self.inner[target].validate(xml.parse(data)):
            return text
        return self.refuse(target, "document")


def problem(check: RuntimeCheck | None, target: str, kind: str, detail: str = "") -> Problem:
    """The field-level message of a check that refused; ``detail`` must not tell a citizen's value."""
    vi, en = KINDS[kind]
    source = ", ".join(check.sources) if check is not None else ""
    more = f" ({detail})" if detail else ""
    fields_vi = f"Trường {source or target}" + (f" (gửi vào {target})" if source else "")
    fields_en = f"{source or target}" + (f" (sent as {target})" if source else "")
    return Problem(
        target, source, f"{fields_vi}: {vi}{more}.", f"{fields_en}: {en}{more}.", check.name if check else ""
    )
