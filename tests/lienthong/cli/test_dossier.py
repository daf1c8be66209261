"""``lienthong dossier``."""

from __future__ import annotations

import json
from pathlib import Path

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
        if "•" not in code:
            assert json.loads(run(0, lived, "dossier", "show", code, "--json").stdout) == shown


def test_show_tells_nobodys_name_or_number(lived: Path, codes: dict[str, str], run: Run) -> None:
    """A screen is no place for personal data: numbers are masked and names are not shown."""
    from tests.worlds import birth

    declared = birth()
    assert declared.mother is not None
    for arguments in ((codes["done"],), (codes["done"], "--json"), (codes["stuck"], "--json")):
        output = run(0, lived, "dossier", "show", *arguments).output
        assert declared.mother.number not in output
        assert declared.mother.full_name not in output
        assert "Minh An" not in output
    number = json.loads(run(0, lived, "dossier", "show", codes["done"], "--json").stdout)["codes"][
        "personal-number"
    ]
    assert number.startswith("••••••••")
    assert number[-4:].isdigit()


def test_show_says_why_a_step_is_stuck(lived: Path, codes: dict[str, str], run: Run) -> None:
    """The agency's own words are there."""
    assert "không đọc được hồ sơ" in run(0, lived, "dossier", "show", codes["stuck"], "--json").stdout


def test_no_such_dossier(lived: Path, run: Run) -> None:
    """A code that nobody has is told as such."""
    assert "G22.99.08-000000-000000" in run(4, lived, "dossier", "show", "G22.99.08-000000-000000").stderr
