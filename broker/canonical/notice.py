"""Writes what citizens and the keepers of results are told: Notice and StepResult documents."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from broker.canonical import document as documents
from broker.canonical.build import Head, fit, put, put_head, start
from broker.canonical.document import tag
from broker.canonical.plan import Node
from signing.xml import serialize


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A text in Vietnamese and English."""

    vi: str
    en: str


def notice(
    dossier_code: str,
    *,
    key: str,
    kind: str,
    at: datetime,
    subject: Said,
    paragraphs: Sequence[Said],
    step: str | None = None,
    due: datetime | None = None,
    missed: datetime | None = None,
    email: str | None = None,
) -> bytes:
    """A Notice. ``email`` is the citizen's address; None towards a web hook, whose client knows the citizen."""
    root = start("Notice")
    put(root, "Key", key)
    put(root, "DossierCode", dossier_code)
    put(root, "Kind", kind)
    put(root, "At", at)
    put(root, "Step", step)
    put(root, "Due", due)
    put(root, "Missed", missed)
    if email is not None:
        put(etree.SubElement(root, tag("Recipient")), "Email", email)
    _said(etree.SubElement(root, tag("Subject")), subject)
    for paragraph in paragraphs:
        _said(etree.SubElement(root, tag("Paragraph")), paragraph)
    return serialize(root)


def step_result(head: Head, *, agency: str, at: datetime, owner: str | None, result: bytes) -> bytes:
    """A StepResult: a result and its paper for a keeper of results. ``owner``: the applicant's personal number."""
    root = start("StepResult")
    put_head(root, head)
    put(root, "Agency", agency)
    put(root, "At", at)
    put(root, "Owner", owner)
    root.append(documents.read(result))
    return serialize(root)


def _said(node: Node, said: Said) -> None:
    put(node, "Vi", fit(said.vi) or "-")
    put(node, "En", fit(said.en) or "-")
