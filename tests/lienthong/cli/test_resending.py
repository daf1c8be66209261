"""``lienthong dossier resend`` and ``join``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lienthong.cli.conftest import Run

ACT = ("--who", "an", "--why", "một cửa không thấy hồ sơ")


def test_resend(lived: Path, codes: dict[str, str], run: Run) -> None:
    """T3: what lies dead leaves again; what has ended, was never sent or does not exist is told as such."""
    resend = ("dossier", "resend")
    assert "leaves again" in run(0, lived, *resend, codes["stuck"], "registration", *ACT).stdout
    shown = json.loads(run(0, lived, "dossier", "show", codes["stuck"], "--json").stdout)
    sent = [one["state"] for one in shown["deliveries"] if one["agency"] == "hotich"]
    assert "queued" in sent
    assert "has ended" in run(1, lived, *resend, codes["done"], "registration", *ACT).stderr
    assert "not been sent" in run(4, lived, *resend, codes["stuck"], "residence", *ACT).stderr


def test_join(lived: Path, codes: dict[str, str], run: Run) -> None:
    """T39: the step is received there under their number; it cannot be joined to a second one."""
    join = ("dossier", "join", codes["stuck"], "registration")
    run(0, lived, *join, "HT-900", *ACT)
    shown = json.loads(run(0, lived, "dossier", "show", "HT-900", "--json").stdout)
    step = next(step for step in shown["steps"] if step["id"] == "registration")
    assert (shown["code"], step["state"], step["agency_code"]) == (codes["stuck"], "received", "HT-900")
    assert "HT-900" in run(1, lived, *join, "HT-901", *ACT).stderr
