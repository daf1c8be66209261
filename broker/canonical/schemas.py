"""Decides whether a canonical document is right, and says everything that is wrong with it.

The verdict is libxml2's, at its speed; the words are ours and are looked for only when something is wrong.
One ``XMLSchema`` per thread: the error log of a shared one shows another thread's document.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from lxml import etree

from broker.canonical import document as documents
from broker.canonical import rules
from broker.canonical.explain import MOST, explain
from broker.canonical.plan import NAMESPACE, Element, Node, read_plan
from broker.canonical.words import is_instant, is_partial_date, odd_text
from broker.model import Problem
from signing.errors import XmlRefused

_ENTRIES = ("intake.xsd", "step.xsd", "population.xsd", "notice.xsd", "certificate.xsd")
"""The files that between them include all others."""

_XS = "{http://www.w3.org/2001/XMLSchema}"

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Schemas:
    """The canonical schemas of a project, loaded once and safe to use from many threads."""

    def __init__(self, project: Path) -> None:
        """Read ``xsd/lienthong/1.0`` below the project folder. Raises OSError, or UnknownConstruct naming
        file and line.
        """
        self.folder = project / "xsd" / "lienthong" / "1.0"
        self.elements: Mapping[str, Element] = read_plan(self.folder)
        self._local = _PerThread(self.folder)
        self._dated = {name: _dated(plan) for name, plan in self.elements.items()}

    def validate(
        self, document: bytes | Node, root_name: str, *, received: datetime | None = None
    ) -> list[Problem]:
        """Every problem of the document, at most 100; an empty list means that it is right.

        With ``received``, a birth declaration inside must also keep the rules that hold on that day
        (`rules`). Raises KeyError if the schemas have no element ``root_name``.
        """
        plan = self.elements[root_name]
        try:
            root = documents.as_tree(document)
        except XmlRefused as error:
            return [_not_xml(error)]
        if root.tag != plan.tag:
            return [_wrong_root(root, plan)]
        problems = self._problems(root, plan)
        declaration = documents.declaration_of(root)
        if not problems and received is not None and declaration is not None:
            problems = rules.check(declaration, received.astimezone(_VIETNAM).date())
        return problems[:MOST]

    def parse(self, document: bytes) -> Node:
        """The root of a document from outside, without comments. Raises signing.errors.XmlRefused."""
        return documents.read(document)

    @property
    def compiled(self) -> etree.XMLSchema:
        """This thread's compiled schema of all canonical elements."""
        return self._local.schema

    def _problems(self, root: Node, plan: Element) -> list[Problem]:
        schema = self.compiled
        valid = schema.validate(root)
        if valid and not self._suspicious(root, plan):
            return []
        problems = explain(root, plan)
        return problems if valid or problems else list(_unexplained(schema))

    def _suspicious(self, root: Node, plan: Element) -> bool:
        """Whether a valid document may hold what XML Schema cannot refuse: impossible dates, odd characters,
        comments.
        """
        if any(odd_text(text) for text in map(str, root.itertext()) if not text.isascii()):
            return True
        if next(root.iter(etree.Comment, etree.ProcessingInstruction), None) is not None:
            return True
        dates, instants = self._dated[plan.name]
        dates, instants = self._dated[plan.name]
        if not dates and not instants:
            return False
        return any(
            not (is_partial_date if node.tag in dates else is_instant)((node.text or "").strip())
            for node in root.iter(*dates, *instants)
        )


class _PerThread(threading.local):
    """The compiled schema of one thread: a document that includes all files, so that any root can be
    validated.
    """

    def __init__(self, folder: Path) -> None:
        driver = etree.Element(
            f"{_XS}schema", {"targetNamespace": NAMESPACE, "elementFormDefault": "qualified"}
        )
        for name in _ENTRIES:
            etree.SubElement(driver, f"{_XS}include", schemaLocation=(folder / name).resolve().as_uri())
        self.schema = etree.XMLSchema(driver)


def _dated(plan: Element) -> tuple[frozenset[str], frozenset[str]]:
    """Tags of leaves that hold a date, whole or partial, and of those that hold an instant."""
    leaves = [(leaf.tag, leaf.value) for leaf in plan.leaves() if leaf.value is not None]
    dates = {tag for tag, value in leaves if value.base == "date" or value.name == "PartialDateValue"}
    return frozenset(dates), frozenset(tag for tag, value in leaves if value.base == "dateTime")


def _not_xml(error: XmlRefused) -> Problem:
    where_vi, where_en = (f" (dòng {error.line})", f" (line {error.line})") if error.line else ("", "")
    vi = f"Thông điệp không phải là tài liệu XML mà hệ thống đọc được{where_vi}: {error.reason[:500]}"
    return Problem(None, vi, f"The message is not XML that the hub reads{where_en}: {error.reason[:500]}")


def _wrong_root(root: Node, plan: Element) -> Problem:
    vi = f"Phần tử gốc phải là {plan.name} trong không gian tên {plan.namespace}."
    return Problem(None, vi, f"The root element must be {plan.name} in the namespace {plan.namespace}.")


def _unexplained(schema: etree.XMLSchema) -> Iterator[Problem]:
    """What libxml2 refused and the walk did not find: the place, but never libxml2's text, which quotes
    values.
    """
    for line in sorted({entry.line for entry in cast("Iterable[etree._LogEntry]", schema.error_log)}):
        vi = f"Tài liệu không đúng lược đồ XML ở dòng {line}."
        yield Problem(None, vi, f"The document does not follow the XML schema at line {line}.")
