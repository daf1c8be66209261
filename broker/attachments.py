"""Whether the files that a message names were handed over before it, and are what it says."""

from __future__ import annotations

from collections.abc import Iterator

from broker.canonical.document import find, tag, text_at
from broker.canonical.plan import Node
from broker.errors import Invalid
from broker.model import Problem
from broker.store.engine import Store, Tx


def problems(tx: Tx, holder: Node) -> tuple[Problem, ...]:
    """What is wrong with the files named under ``Attachments`` of ``holder``; empty if nothing."""
    attachments = find(holder, "Attachments")
    if attachments is None:
        return ()
    return tuple(
        problem
        for number, named in enumerate(attachments.iterchildren(tag("Attachment")), 1)
        for problem in _problems(tx, named, f"Attachments/Attachment[{number}]")
    )


async def require(store: Store, holder: Node) -> None:
    """Refuse a message that names files which the hub does not have. Raises `Invalid`."""
    if found := await store.aread(lambda tx: problems(tx, holder)):
        raise Invalid(found)


def named(holder: Node) -> frozenset[str]:
    """SHA-256 of every file that is named anywhere below ``holder``."""
    return frozenset(text for element in holder.iter(tag("SHA256")) if (text := (element.text or "").strip()))


def _problems(tx: Tx, named: Node, path: str) -> Iterator[Problem]:
    name, known = text_at(named, "FileName"), tx.blobs.find(text_at(named, "SHA256") or "")
    if known is None:
        vi = f"Tệp {name} chưa được gửi; hãy gửi tệp theo mã băm SHA-256 trước khi nộp hồ sơ."
        en = f"The file {name} was not handed over; send it under its SHA-256 before the message that names it."
        yield Problem(f"{path}/SHA256", vi, en)
        return
    if text_at(named, "Size") != str(known.size):
        vi, en = f"Dung lượng của tệp {name} khác với tệp đã gửi.", f"The file {name} has another size."
        yield Problem(f"{path}/Size", vi, en)
    if text_at(named, "MediaType") != known.media_type:
        vi, en = f"Định dạng của tệp {name} khác với tệp đã gửi.", f"The file {name} is of another type."
        yield Problem(f"{path}/MediaType", vi, en)
