"""Dossiers are found by any code, change under a lock, and are listed page by page."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from broker.model import Phase, StepState
from broker.store.dossiers import HUB, PERSONAL_NUMBER
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, Missing
from broker.store.rows import Check, DossierFilter
from tests.broker.store.samples import dossier, step
from tests.clock import START


def test_a_dossier_comes_back_as_it_was(store: Store) -> None:
    """All fields and the steps in their order survive."""
    opened = dossier("1", due=START + timedelta(days=3), reason="chờ", version=2)
    store.write_sync(lambda tx: tx.dossiers.add(opened))
    assert store.read(lambda tx: tx.dossiers.get("1")) == opened


def test_a_dossier_is_found_by_any_code(store: Store) -> None:
    """The hub's code, the portal's and an agency's all lead to it; an unknown one leads nowhere."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    store.write_sync(lambda tx: [tx.dossiers.add_code("1", "dvcqg", "G22.1") for _ in range(2)])
    for value in ("H01-1", "G22.1"):
        found = store.read(lambda tx, value=value: tx.dossiers.by_code(value))
        assert found is not None
        assert found.id == "1"
    assert store.read(lambda tx: tx.dossiers.by_code("G22.1", "hotich")) is None
    assert store.read(lambda tx: tx.dossiers.by_code("nothing")) is None
    assert store.read(lambda tx: tx.dossiers.codes("1")) == {HUB: "H01-1", "dvcqg": "G22.1"}


def test_one_code_of_a_system_is_one_dossier(store: Store) -> None:
    """A code that another dossier has in the same system is refused."""
    store.write_sync(lambda tx: [tx.dossiers.add(dossier(name)) for name in ("1", "2")])
    store.write_sync(lambda tx: tx.dossiers.add_code("1", "hotich", "7"))
    with pytest.raises(Conflict):
        store.write_sync(lambda tx: tx.dossiers.add_code("2", "hotich", "7"))


def test_an_ambiguous_code_shows_nobody(store: Store) -> None:
    """The same code from two systems for two dossiers: no guess, the system must be named."""
    store.write_sync(lambda tx: [tx.dossiers.add(dossier(name)) for name in ("1", "2")])
    store.write_sync(lambda tx: tx.dossiers.add_code("1", "hotich", "7"))
    store.write_sync(lambda tx: tx.dossiers.add_code("2", "bhxh", "7"))
    with pytest.raises(Conflict):
        store.read(lambda tx: tx.dossiers.by_code("7"))
    found = store.read(lambda tx: tx.dossiers.by_code("7", "bhxh"))
    assert found is not None
    assert found.id == "2"


def test_update_stores_what_may_change(store: Store) -> None:
    """Phase, declaration, version, due and reason change; who sent it when does not."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1", steps=())))
    changed = dataclasses.replace(
        dossier("1", steps=()), phase=Phase.WITHDRAWN, declaration=b"<e/>", version=2, due=START, reason="rút"
    )
    other_sender = dataclasses.replace(changed, sender="nobody")
    store.write_sync(lambda tx: tx.dossiers.update(other_sender))
    assert store.read(lambda tx: tx.dossiers.get("1")) == changed


def test_a_lock_shows_the_latest(open_store: Callable[..., Store], database_url: str) -> None:
    """Behind a lock another process's change is seen, and the change under it is not lost."""
    one, other = open_store(database_url), open_store(database_url)
    one.write_sync(lambda tx: tx.dossiers.add(dossier("1")))

    def count(tx):  # type: ignore[no-untyped-def]
        now = tx.dossiers.lock("1")
        tx.dossiers.update(dataclasses.replace(now, version=now.version + 1))

    waiting = [store._writer.submit_sync(count) for _ in range(10) for store in (one, other)]
    for future in waiting:
        future.result(30)
    assert one.read(lambda tx: tx.dossiers.get("1")).version == 21


@pytest.mark.parametrize("method", ["get", "lock"])
def test_an_unknown_dossier(store: Store, method: str) -> None:
    """A wrong id is an error."""
    with pytest.raises(Missing):
        store.write_sync(lambda tx: getattr(tx.dossiers, method)("nothing"))
    with pytest.raises(Missing):
        store.write_sync(lambda tx: tx.dossiers.update(dossier("nothing")))


def test_pages_from_new_to_old(store: Store) -> None:
    """Pages follow each other without overlap or gap, steps included, even when times are equal."""
    store.write_sync(lambda tx: [tx.dossiers.add(dossier(f"{n}", received_at=START)) for n in range(5)])
    seen, after = [], None
    for _ in range(3):
        page = store.read(lambda tx, after=after: tx.dossiers.list(limit=2, after=after))
        seen += [found.id for found in page.items]
        assert all(len(found.steps) == 2 for found in page.items)
        after = page.after
    assert (seen, after) == (["4", "3", "2", "1", "0"], None)


def test_filters(store: Store) -> None:
    """Every condition that is set must hold."""
    rows = [
        dossier("1", unit="00004"),
        dossier("2", unit="00007", phase=Phase.CHECKING),
        dossier("3", sender="commune", due=START, process="death"),
        dossier("4", steps=(step("registration", state=StepState.COMPLETED), step("card", agency="bhxh"))),
    ]
    store.write_sync(lambda tx: [tx.dossiers.add(row) for row in rows])

    def found(**conditions):  # type: ignore[no-untyped-def]
        page = store.read(lambda tx: tx.dossiers.list(DossierFilter(**conditions)))
        return "".join(row.id for row in page.items)

    assert found(unit="00007") == "2"
    assert found(phase=Phase.OPEN) == "431"
    assert found(sender="commune", process="death") == "3"
    assert found(due_before=START + timedelta(seconds=1)) == "3"
    assert found(agency="bhxh") == "4"
    assert found(agency="hotich") == "321"
    assert found(step_state="received", agency="cutru") == "321"
    assert found(since=START + timedelta(minutes=2), until=START + timedelta(minutes=4)) == "32"


def test_a_wrong_cursor_is_refused(store: Store) -> None:
    """A cursor that no page gave out is an error, not page one."""
    with pytest.raises(ValueError, match="cursor"):
        store.read(lambda tx: tx.dossiers.list(after="x"))


def test_checks_are_replaced_or_added(store: Store) -> None:
    """New verdicts replace all, or only those of the same fields."""
    store.write_sync(lambda tx: tx.dossiers.add(dossier("1")))
    name, born = Check("mother", "FullName", "match"), Check("mother", "BirthDate", "differs", "1978")
    store.write_sync(lambda tx: tx.dossiers.set_checks("1", [Check("father", "FullName", "match")]))
    store.write_sync(lambda tx: tx.dossiers.set_checks("1", [name, born]))
    better = Check("mother", "BirthDate", "match")
    store.write_sync(lambda tx: tx.dossiers.add_checks("1", [better]))
    assert store.read(lambda tx: tx.dossiers.checks("1")) == (better, name)


def test_numbers_of_a_day(store: Store) -> None:
    """Numbers run from one, for each scope and day by itself."""
    day, next_day = date(2026, 9, 1), date(2026, 9, 2)
    asked = [("a", day), ("a", day), ("b", day), ("a", next_day)]
    given = [store.write_sync(lambda tx, ask=ask: tx.dossiers.next_number(*ask)) for ask in asked]
    assert given == [1, 2, 1, 1]


def test_a_personal_number_leads_to_its_dossier_and_stands_nowhere(store: Store) -> None:
    """The number finds the dossier, another dossier is refused it, and the table does not hold it."""
    number = "001326000123"

    def write(tx: Tx) -> None:
        tx.dossiers.add(dossier("d1"))
        tx.dossiers.add(dossier("d2"))
        for _ in range(2):
            tx.dossiers.add_code("d1", PERSONAL_NUMBER, number)

    store.write_sync(write)
    found = store.read(lambda tx: tx.dossiers.by_code(number))
    assert found is not None
    assert found.id == "d1"
    assert store.read(lambda tx: tx.dossiers.by_code(number, PERSONAL_NUMBER)) == found
    assert PERSONAL_NUMBER not in store.read(lambda tx: tx.dossiers.codes("d1"))
    values = store.read(
        lambda tx: tx.log._conn.exec_driver_sql("SELECT value FROM dossier_codes").scalars().all()
    )
    assert number not in values
    with pytest.raises(Conflict, match="the personal number belongs"):
        store.write_sync(lambda tx: tx.dossiers.add_code("d2", PERSONAL_NUMBER, number))
