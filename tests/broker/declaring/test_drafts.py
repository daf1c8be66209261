"""Drafts that wait for their citizen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from broker.declaring import drafts as module
from broker.declaring.declarant import Citizen, Declarant
from broker.declaring.drafts import DraftBook
from broker.errors import Conflict, Invalid, NotFound, TooMany
from broker.store.engine import Store
from tests.broker.declaring.test_review import parts
from tests.clock import ManualClock

NS = 'xmlns="urn:lienthong:1.0"'
PORTAL, OTHER = Declarant.portal("dvcqg"), Declarant.portal("other")
EMPTY = f"<BirthDeclaration {NS}/>".encode()


def child(sex: str, mark: str = "") -> bytes:
    """A declaration of which one value is known."""
    return f"<BirthDeclaration {NS}><Child><Sex{mark}>{sex}</Sex></Child></BirthDeclaration>".encode()


@pytest.fixture
def book(
    open_store: Callable[..., Store], sqlite_url: str, clock: ManualClock, new_id: Callable[[], str]
) -> DraftBook:
    """Drafts of the project's procedures; what two databases do differently is tested with the store."""
    project, schemas, *_ = parts()
    return DraftBook(
        open_store(sqlite_url), project.processes, schemas.elements, timedelta(days=30), clock, new_id
    )


async def test_every_change_makes_the_next_version(book: DraftBook, clock: ManualClock) -> None:
    """Whoever changes an older version than the newest is told, and what was there stays."""
    draft = await book.create(PORTAL, EMPTY)
    clock.advance(minutes=1)
    second = await book.save(PORTAL, draft.id, child("1"), 1)
    assert (second.version, second.process, second.changed_at) == (2, "birth", clock())
    with pytest.raises(Conflict):
        await book.save(PORTAL, draft.id, child("2"), 1)
    assert await book.get(PORTAL, draft.id) == second
    assert await book.of(PORTAL) == [(second, None)]


async def test_a_draft_is_its_owners(book: DraftBook) -> None:
    """For anybody else there is none: not to read, not to change, not to remove."""
    draft = await book.create(PORTAL, EMPTY)
    for attempt in (
        book.get(OTHER, draft.id),
        book.save(OTHER, draft.id, EMPTY, 1),
        book.remove(OTHER, draft.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    await book.remove(PORTAL, draft.id)
    assert await book.of(PORTAL) == []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"<BirthDeclaration", None),
        (f"<SubmitRequest {NS}/>".encode(), None),
        (f"<BirthDeclaration {NS}><Child><Wings/></Child></BirthDeclaration>".encode(), "Child/Wings"),
    ],
)
async def test_what_no_form_has_is_refused(book: DraftBook, content: bytes, field: str | None) -> None:
    """A draft may lack anything; what it would lose without a word is named."""
    with pytest.raises(Invalid) as caught:
        await book.create(PORTAL, content)
    assert [problem.field for problem in caught.value.problems] == [field]


async def test_a_draft_stays_with_its_procedure(book: DraftBook) -> None:
    """A birth is not saved as a death."""
    draft = await book.create(PORTAL, EMPTY)
    with pytest.raises(Invalid):
        await book.save(PORTAL, draft.id, f"<DeathDeclaration {NS}/>".encode(), 1)


async def test_a_mark_that_only_a_sender_wrote_is_taken_off(book: DraftBook) -> None:
    """Who verified a value is said by the hub: a mark stays on the value that it was put on, and on nothing else."""
    mark = ' verified="population"'
    draft = await book.create(PORTAL, child("1", mark))
    assert b"verified" not in (draft.content or b"")
    marked = await book.put(draft, child("1", mark), 1)
    kept = await book.save(PORTAL, draft.id, child("1", mark), marked.version)
    assert b"verified" in (kept.content or b"")
    changed = await book.save(PORTAL, draft.id, child("2", mark), kept.version)
    assert b"verified" not in (changed.content or b"")


async def test_what_was_submitted_is_not_changed(book: DraftBook) -> None:
    """A draft that became a dossier is a memory of it."""
    draft = await book.create(PORTAL, EMPTY)
    with pytest.raises(Conflict):
        await book.put(dataclasses.replace(draft, dossier_id="d1"), EMPTY, 1)


async def test_nobody_opens_drafts_without_end(book: DraftBook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A citizen has a bound; a portal, which stands for many, a hundred times that."""
    monkeypatch.setattr(module, "MOST", 1)
    someone = Declarant("cong-dan", ("citizen:ab",), Citizen("001199000123", "Trịnh Thị Mai", "1999"))
    await book.create(someone, EMPTY)
    with pytest.raises(TooMany):
        await book.create(someone, EMPTY)
    await book.create(PORTAL, EMPTY)
    await book.create(PORTAL, EMPTY)
