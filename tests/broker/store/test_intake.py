"""A repeated message gets the first answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, Missing
from tests.clock import START


def submit(store: Store, content: str = "sha", answer: bytes = b"first") -> bytes:
    """What intake does: the first answer, or a new one."""

    def unit(tx):  # type: ignore[no-untyped-def]
        before = tx.intake.claim("dvcqg", "msg-1", content)
        if before is None:
            tx.intake.answer("dvcqg", "msg-1", answer)
        return before or answer

    return store.write_sync(unit)


def test_the_first_answer_stays(store: Store) -> None:
    """The same message again gives the same answer and no second effect."""
    assert [submit(store), submit(store, answer=b"second")] == [b"first", b"first"]


def test_an_id_belongs_to_one_content(store: Store) -> None:
    """The same id with another content is refused."""
    submit(store)
    with pytest.raises(Conflict, match="msg-1"):
        submit(store, content="other")


def test_ids_are_each_senders_own(store: Store) -> None:
    """Another sender may use the same id."""
    submit(store)
    assert store.write_sync(lambda tx: tx.intake.claim("commune", "msg-1", "other")) is None


def test_a_unit_that_failed_claimed_nothing(store: Store) -> None:
    """If acting on a message fails, the message may be sent again."""

    def fails(tx):  # type: ignore[no-untyped-def]
        tx.intake.claim("dvcqg", "msg-1", "sha")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write_sync(fails)
    assert submit(store, answer=b"second") == b"second"


def test_an_answer_needs_a_claim(store: Store) -> None:
    """Answering what was never claimed is an error."""
    with pytest.raises(Missing):
        store.write_sync(lambda tx: tx.intake.answer("dvcqg", "nothing", b""))


def test_two_processes_give_one_answer(open_store: Callable[..., Store], database_url: str) -> None:
    """The same message at two processes at once is acted on once."""
    stores, answers = [open_store(database_url), open_store(database_url)], []
    threads = [
        threading.Thread(target=lambda n=n, store=store: answers.append(submit(store, answer=b"%d" % n)))
        for n, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 2
    assert len(set(answers)) == 1


def test_an_answer_that_is_no_longer_kept(store: Store) -> None:
    """After the answer was erased a repetition is refused: it must not act a second time."""

    def first(tx: Tx) -> None:
        assert tx.intake.claim("dvcqg", "m1", "00") is None
        tx.intake.answer("dvcqg", "m1", b"<answer/>")

    store.write_sync(first)
    assert store.write_sync(lambda tx: tx.erasure.answers(START + timedelta(days=1))) == 1
    with pytest.raises(Conflict, match="no longer kept"):
        store.write_sync(lambda tx: tx.intake.claim("dvcqg", "m1", "00"))
