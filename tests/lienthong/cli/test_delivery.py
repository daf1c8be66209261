"""``lienthong delivery``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.lienthong.cli.conftest import Run

WHO = ("--who", "trực ban", "--why", "the agency was mended")


def dead(folder: Path, run: Run) -> list[dict[str, Any]]:
    """What lies dead."""
    rows: list[dict[str, Any]] = json.loads(
        run(0, folder, "delivery", "list", "--state", "dead", "--json").stdout
    )
    return rows


def test_list(lived: Path, codes: dict[str, str], run: Run) -> None:
    """A dead delivery says whose it is and why it is dead."""
    (row,) = dead(lived, run)
    assert (row["agency"], row["kind"], row["dossier"]) == ("hotich", "step", codes["stuck"])
    assert "không đọc được hồ sơ" in row["reason"]
    assert (
        json.loads(run(0, lived, "delivery", "list", "--agency", "cutru", "--state", "dead", "--json").stdout)
        == []
    )


def test_replay_brings_the_stuck_step_back(lived: Path, codes: dict[str, str], run: Run) -> None:
    """The delivery is due again, its step is on its way, its alarms are closed, and the act is noted."""
    (row,) = dead(lived, run)
    assert json.loads(run(0, lived, "item", "list", "--json").stdout)
    run(0, lived, "delivery", "replay", row["id"], *WHO)
    assert dead(lived, run) == []
    shown = json.loads(run(0, lived, "dossier", "show", codes["stuck"], "--json").stdout)
    assert shown["steps"][0]["state"] == "sending"
    assert json.loads(run(0, lived, "item", "list", "--json").stdout) == []


def test_dry_run_changes_nothing(lived: Path, run: Run) -> None:
    """It only says which it would be."""
    result = run(0, lived, "delivery", "replay", "--agency", "hotich", "--dry-run", *WHO)
    assert "1 would be tried again" in result.stdout
    assert len(dead(lived, run)) == 1


def test_replay_by_class(lived: Path, run: Run) -> None:
    """All of one class of error are tried again together; of another there are none."""
    (row,) = dead(lived, run)
    assert (
        "no dead delivery fits"
        in run(4, lived, "delivery", "replay", "--class", "no-such-class", *WHO).stderr
    )
    run(0, lived, "delivery", "replay", "--class", row["class"], *WHO)
    assert dead(lived, run) == []


def test_everything_at_once_is_refused(lived: Path, run: Run) -> None:
    """Neither id nor filter: a wrong command line, and nothing is done. So is an act without a reason."""
    run(2, lived, "delivery", "replay", *WHO)
    run(2, lived, "delivery", "replay", "--agency", "hotich", "--who", "me")
    assert len(dead(lived, run)) == 1


def test_only_a_dead_delivery_is_replayed(lived: Path, run: Run) -> None:
    """One that is done is left alone, and one that does not exist is told as such."""
    done = json.loads(run(0, lived, "delivery", "list", "--state", "done", "--json").stdout)[0]
    assert "only a dead one" in run(1, lived, "delivery", "replay", done["id"], *WHO).stderr
    assert "nothing" in run(4, lived, "delivery", "replay", "nothing", *WHO).stderr
