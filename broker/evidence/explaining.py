"""The page of an evidence file: what happened, what proves it, how to check it, what it does not prove.

For a judge, on paper too: Vietnamese with English beside, complete in itself, without scripts or foreign files.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from lxml import etree
from lxml.builder import E

from broker.clock import VIETNAM
from broker.config.base import Words
from broker.evidence import words as texts

_STYLE = """
@page { size: A4; margin: 18mm 16mm }
body { font: 15px/1.5 "Be Vietnam Pro", "Noto Sans", "DejaVu Sans", system-ui, sans-serif; color: #1a1a1a;
  max-width: 62rem; margin: 2rem auto; padding: 0 1.2rem }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 1.2rem;
  border-bottom: 3px solid #a6192e; padding-bottom: .6rem }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; break-after: avoid }
.en { color: #5a5a5a; font-size: .86em; font-weight: normal }
h1 .en { display: block } h2 .en { margin-left: .6em }
p { margin: .3rem 0 } p .en, div .en, td .en, th .en, li .en { display: block }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid #d8d8d8 }
table.facts th { width: 14rem; font-weight: 600; padding-left: 0 } table.facts td { overflow-wrap: anywhere }
table.story th { border-bottom: 2px solid #888 }
table.story th { white-space: nowrap } table.story td:first-child { font-variant-numeric: tabular-nums }
table.story td:nth-child(2) { white-space: nowrap; font-variant-numeric: tabular-nums }
thead { display: table-header-group } tr { break-inside: avoid }
code { font: .84em/1.45 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
pre { background: #f5f3ee; padding: .5rem .7rem; margin: .2rem 0 .7rem; white-space: pre-wrap; break-inside: avoid }
.detail { font-size: .9em; margin-top: .25rem }
li { margin: .35rem 0 }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 10pt } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """One entry as the page tells it. ``content``: a key of `words.CONTENT`, ``file`` where it is included."""

    index: int
    at: datetime
    direction: str
    kind: str
    agency: Words
    operation: str
    outcome: str
    content: str
    file: str | None = None
    answers: int | None = None
    signer: str | None = None
    officer: str | None = None
    purpose: str | None = None
    body_sha256: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class StampTold:
    """A time-stamp on the head of the log."""

    authority: str
    independent: bool
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """Everything that a page says. ``level`` is that of the signature over the file, ``entries`` what it is about.

    An archive or export has no ``entries`` but ``period`` and ``count``, and ``previous`` (file, size) if it goes on
    from another.
    """

    kind: str
    subject: str
    made: datetime
    origin: str
    size: int
    root: bytes
    signer: str
    level: str
    stamp: StampTold | None = None
    witnesses: Sequence[str] = ()
    service: Words | None = None
    asked: str | None = None
    purpose: str | None = None
    entries: Sequence[Told] = ()
    count: int = 0
    period: tuple[datetime, datetime] | None = None
    previous: tuple[str, int] | None = None


def page(story: Story) -> bytes:
    """The page as HTML."""
    about = texts.IN_SHORT if story.entries else texts.IN_SHORT_PERIOD
    body = E.body(
        _heading("h1", texts.KINDS[story.kind]),
        E.p(*_both(about)),
        _facts(_about(story)),
        *(_happened(story.entries) if story.entries else ()),
        _heading("h2", texts.SECTIONS["proof"]),
        _facts(_proof(story)),
        _heading("h2", texts.SECTIONS["check"]),
        *(part for what, command in texts.HOW for part in (E.p(*_both(what)), E.pre(E.code(command)))),
        _heading("h2", texts.SECTIONS["not"]),
        E.ul(*(E.li(*_both(one)) for one in texts.PROVES_NOT)),
    )
    head = E.head(
        E.meta(charset="utf-8"),
        E.meta({"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        E.meta(name="viewport", content="width=device-width"),
        E.title(f"{texts.KINDS[story.kind].vi}: {story.subject}"),
        E.style(_STYLE),
    )
    root = E.html({"lang": "vi"}, head, body)
    return etree.tostring(root, method="html", encoding="utf-8", doctype="<!DOCTYPE html>", pretty_print=True)


def local(at: datetime) -> str:
    """A time as people in Vietnam write it."""
    return at.astimezone(VIETNAM).strftime("%H:%M:%S %d/%m/%Y")


def _about(story: Story) -> list[tuple[str, Words]]:
    """What the file is about, by label."""
    times = [told.at for told in story.entries]
    period = story.period or ((min(times), max(times)) if times else None)
    lines: list[tuple[str, Words | None]] = [
        ("subject", _same(story.subject)),
        ("service", story.service),
        ("period", period and _same(" – ".join(dict.fromkeys(local(at) for at in period)))),
        ("entries", _same(str(len(story.entries) or story.count))),
        (
            "previous",
            story.previous and _filled(texts.PREVIOUS, file=story.previous[0], size=story.previous[1]),
        ),
        ("made", _same(local(story.made))),
        ("asked", _same(story.asked or "")),
        ("purpose", _same(story.purpose or "")),
    ]
    return [(label, value) for label, value in lines if value and value.vi]


def _proof(story: Story) -> list[tuple[str, Words]]:
    stamp = texts.NOT_STAMPED
    if story.stamp is not None:
        form = texts.STAMPED if story.stamp.independent else texts.OWN_STAMP
        stamp = _filled(form, authority=story.stamp.authority, at=local(story.stamp.at))
    size = f"{story.size:,}".replace(",", ".")
    return [
        ("log", Words(vi=f"{story.origin}, {size} bản ghi", en=f"{story.origin}, {story.size:,} entries")),
        ("head", _same(story.root.hex())),
        ("stamp", stamp),
        ("witnesses", _same(", ".join(story.witnesses)) if story.witnesses else texts.NO_WITNESS),
        ("signature", _filled(texts.LEVELS[story.level], signer=story.signer)),
    ]


def _happened(entries: Sequence[Told]) -> list[etree._Element]:
    labels = [E.th(*_both(texts.LABELS[name])) for name in ("number", "when", "what", "content")]
    rows = [
        E.tr(E.td(str(told.index)), E.td(local(told.at)), E.td(*_what(told)), E.td(*_content(told)))
        for told in entries
    ]
    table = E.table({"class": "story"}, E.thead(E.tr(*labels)), E.tbody(*rows))
    return [_heading("h2", texts.SECTIONS["happened"]), table]


def _what(told: Told) -> list[etree._Element]:
    happened = texts.HAPPENED.get((told.direction, told.kind), texts.SOMETHING)
    operation = texts.OPERATIONS.get(told.operation, _same(told.operation))
    sentence = Words(
        vi=f"{happened.vi.format(agency=told.agency.vi)}: {operation.vi}",
        en=f"{happened.en.format(agency=told.agency.en)}: {operation.en}",
    )
    details = []
    if told.answers is not None:
        details.append(_filled(texts.REPLY_TO, index=told.answers))
    if told.outcome != "ok":
        outcome = texts.OUTCOMES.get(told.outcome, _same(told.outcome))
        details.append(
            Words(
                vi=texts.OUTCOME.vi.format(outcome=outcome.vi), en=texts.OUTCOME.en.format(outcome=outcome.en)
            )
        )
    if told.signer:
        details.append(_filled(texts.SIGNED_BY, signer=told.signer))
    if told.officer:
        details.append(_filled(texts.OFFICER, officer=told.officer))
    if told.purpose:
        details.append(_filled(texts.PURPOSE, purpose=told.purpose))
    joined = Words(vi=" · ".join(one.vi for one in details), en=" · ".join(one.en for one in details))
    return [E.div(*_both(sentence)), *([E.div({"class": "detail"}, *_both(joined))] if details else [])]


def _content(told: Told) -> list[etree._Element]:
    text = _filled(texts.CONTENT[told.content], file=told.file or "")
    return [E.div(*_both(text)), E.div({"class": "detail"}, E.code(f"SHA-256 {told.body_sha256[:16]}…"))]


def _facts(lines: Sequence[tuple[str, Words]]) -> etree._Element:
    rows = [E.tr(E.th(*_both(texts.LABELS[label])), E.td(*_both(value))) for label, value in lines]
    table: etree._Element = E.table({"class": "facts"}, E.tbody(*rows))
    return table


def _heading(name: str, text: Words) -> etree._Element:
    heading: etree._Element = E(name, *_both(text))
    return heading


def _both(text: Words) -> list[etree._Element]:
    """Vietnamese, and English beside it if it says it in other words."""
    vi = E.span({"lang": "vi"}, text.vi)
    return [vi] if text.vi == text.en else [vi, E.span({"lang": "en", "class": "en"}, text.en)]


def _same(text: str) -> Words:
    """What is the same in both languages."""
    return Words(vi=_printable(text), en=_printable(text))


def _filled(form: Words, **values: object) -> Words:
    plain = {name: _printable(str(value)) for name, value in values.items()}
    return Words(vi=form.vi.format(**plain), en=form.en.format(**plain))


def _printable(text: str) -> str:
    """The text without what a page cannot hold or what would turn it around: shown as it is written in Python."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
