"""``lienthong db``."""

from __future__ import annotations

import json
from pathlib import Path

from broker.store.migrations import head
from tests.lienthong.cli.conftest import Run


def test_a_database_is_made_once_and_by_command(fresh: Path, run: Run) -> None:
    """Before the command there is none; running it twice changes nothing."""
    run(0, fresh, "keys", "create", "hub")
    missing = run(3, fresh, "dossier", "list")
    assert "lienthong db upgrade" in missing.stderr
    assert head() in run(0, fresh, "db", "upgrade").stdout
    assert head() in run(0, fresh, "db", "upgrade").stdout
    assert json.loads(run(0, fresh, "db", "current", "--json").stdout) == {"revision": head()}


def test_a_database_that_is_away_is_told_apart(fresh: Path, run: Run) -> None:
    """Nothing can be done about the project: another exit code says that trying again may help."""
    (fresh / "local.json").write_text(
        json.dumps({"hub.database": "postgresql+psycopg://nobody@127.0.0.1:9/none"}), encoding="utf-8"
    )
    assert "away" in run(5, fresh, "db", "current").stderr
