"""``lienthong dossier``."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path

from broker.store.engine import Store
from lienthong.cli.common import load, open_store
from tests.lienthong.cli.conftest import Run


def test_list(lived: Path, codes: dict[str, str], run: Run) -> None:
    """Dossiers come newest first, with the state that follows from their steps."""
    rows = json.loads(run(0, lived, "dossier", "list", "--json").stdout)
    assert [row["code"] for row in rows] == [codes["stuck"], codes["done"]]
    assert rows[1]["state"] == "completed"
    assert codes["done"] in run(0, lived, "dossier", "list").stdout


def test_list_of_a_phase(lived: Path, run: Run) -> None:
    """A phase narrows the list; one that does not exist is a wrong command line."""
    assert json.loads(run(0, lived, "dossier", "list", "--phase", "refused", "--json").stdout) == []
    assert "asking" in run(2, lived, "dossier", "list", "--phase", "lost").stderr


def test_show_by_any_code(lived: Path, codes: dict[str, str], run: Run) -> None:
    """The hub's code, the portal's and an agency's lead to the same dossier."""
    shown = json.loads(run(0, lived, "dossier", "show", codes["done"], "--json").stdout)
    assert {step["state"] for step in shown["steps"]} == {"completed"}
    assert shown["history"]
    assert shown["deliveries"]
    for code in shown["codes"].values():
        assert json.loads(run(0, lived, "dossier", "show", code, "--json").stdout) == shown


def test_show_tells_nobodys_name_or_number(lived: Path, codes: dict[str, str], run: Run) -> None:
    """A screen is no place for personal data: neither numbers nor names are shown."""
    from tests.worlds import birth

    declared = birth()
    assert declared.mother is not None
    for arguments in ((codes["done"],), (codes["done"], "--json"), (codes["stuck"], "--json")):
        output = run(0, lived, "dossier", "show", *arguments).output
        assert declared.mother.number not in output
        assert declared.mother.full_name not in output
        assert "Minh An" not in output
    assert (
        "personal-number"
        not in json.loads(run(0, lived, "dossier", "show", codes["done"], "--json").stdout)["codes"]
    )


def test_show_says_why_a_step_is_stuck(lived: Path, codes: dict[str, str], run: Run) -> None:
    """The agency's own words are there."""
    assert "không đọc được hồ sơ" in run(0, lived, "dossier", "show", codes["stuck"], "--json").stdout


def test_no_such_dossier(lived: Path, run: Run) -> None:
    """A code that nobody has is told as such."""
    assert "G22.99.08-000000-000000" in run(4, lived, "dossier", "show", "G22.99.08-000000-000000").stderr


def opened(lived: Path) -> Store:
    """The database of the project."""
    return open_store(load(lived))


def test_texts_are_masked_until_somebody_says_why(lived: Path, codes: dict[str, str], run: Run) -> None:
    """A number in an agency's words is masked; in clear it is shown for a purpose, and that is an act."""
    with contextlib.closing(opened(lived)) as store:
        dossier = store.read(lambda tx: tx.dossiers.by_code(codes["stuck"]))
        assert dossier is not None
        said = dataclasses.replace(dossier, reason="số 079090002345 không khớp")
        store.write_sync(lambda tx: tx.dossiers.update(said))
    show = ("dossier", "show", codes["stuck"])
    for arguments in (show, (*show, "--json"), ("dossier", "list", "--json")):
        output = run(0, lived, *arguments).output
        assert "079090002345" not in output
        assert "0790*****345" in output.replace("\n", "")
    assert "--purpose" in run(2, lived, *show, "--reveal").stderr
    assert "079090002345" in run(0, lived, *show, "--reveal", "--purpose", "call 17", "--who", "an").output
    with contextlib.closing(opened(lived)) as store:
        (act,) = store.read(lambda tx: tx.acts.of(codes["stuck"]))
    assert (act.who, act.act, act.why) == ("an", "reveal", "call 17")


def test_look_ups_of_a_dossier(lived: Path, codes: dict[str, str], run: Run) -> None:
    """Who asked the population database for this dossier, and for which procedure."""
    rows = json.loads(run(0, lived, "dossier", "lookups", codes["done"], "--json").stdout)
    assert rows
    assert {row["officer"] for row in rows} == {"CB000001"}
    assert all(row["purpose"] and row["unit"] for row in rows)
    assert "no dossier" in run(4, lived, "dossier", "lookups", "nothing").stderr


def test_hold_release_and_erase(lived: Path, codes: dict[str, str], run: Run) -> None:
    """A settled dossier is erased by order, not while it is on hold; the log verifies afterwards and says who."""
    act = ("--who", "an", "--why", "quyết định 12/2026")
    assert "on hold" in run(0, lived, "dossier", "hold", codes["done"], *act).stdout
    assert "quyết định 12/2026" in run(1, lived, "dossier", "erase", codes["done"], *act).stderr
    run(0, lived, "dossier", "release", codes["done"], *act)
    assert "is erased" in run(0, lived, "dossier", "erase", codes["done"], *act).stdout
    assert "not settled" in run(1, lived, "dossier", "erase", codes["stuck"], *act).stderr
    report = json.loads(run(0, lived, "log", "verify", "--json").stdout)
    assert report["ok"]
    assert report["erased"] > 10
    assert any("by an: quyết định 12/2026" in finding["text"] for finding in report["findings"])
    shown = json.loads(run(0, lived, "dossier", "show", codes["done"], "--json").stdout)
    assert {step["state"] for step in shown["steps"]} == {"completed"}
