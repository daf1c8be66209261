"""Hostile inputs, class by class: none is accepted, each is refused for its own reason, in bounded time and memory.

Every class runs in a process of its own, so that one that runs away harms nothing, and so that what a single input
costs can be measured: CPU seconds, not time that passes, because machines are shared.
"""

from __future__ import annotations

import collections
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.attack import Attack, Hostile

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 1.0
MOST_MEMORY = 200_000_000
LONGEST_REASON = 10_000
"""A hundred problems of a document are said; any other reason is a sentence."""
CLASSES = (
    "markup DOCUMENT_TYPES",
    "markup ENTITIES",
    "markup ENCODINGS",
    "markup MALFORMED",
    "bulk BULK",
    "wrapping DOCUMENTS",
    "profiles XADES",
    "profiles TWO_REFERENCES",
    "confusion ALGORITHMS",
    "references REFERENCES",
    "substitution SUBSTITUTION",
    "envelopes WRAPPING",
    "envelopes TOKENS",
    "headers ADDRESSING",
    "headers TIMES",
    "replays REPLAYS",
    "contracts CONTRACTS",
    "canonical SUBMISSIONS",
    "agencies AGENCIES",
    "containers CONTAINERS",
    "stamps TOKENS",
    "stamps ANSWERS",
    "requests REQUESTS",
)


def attack_of(chosen: str) -> Attack:
    """The class that is called so."""
    module, name = chosen.split()
    found = getattr(importlib.import_module(f"tests.hostile.{module}"), name)
    assert isinstance(found, Attack)
    return found


def complaints(hostile: Hostile, outcome: dict[str, Any]) -> list[str]:
    """What is not as it must be, in one line each."""
    found = []
    if outcome["error"] is None:
        found.append("was accepted")
    elif not outcome["refused"]:
        found.append(f"was not refused but failed: {outcome['error']}: {outcome['reason']}")
    elif not re.search(hostile.why, outcome["reason"]):
        found.append(f"was refused for {outcome['reason']!r}, not for /{hostile.why}/")
    if len(outcome["reason"]) > LONGEST_REASON:
        found.append(f"was refused in {len(outcome['reason']):,} characters")
    if outcome["seconds"] > MOST_SECONDS:
        found.append(f"took {outcome['seconds']:.2f} s")
    if outcome["peak"] > MOST_MEMORY:
        found.append(f"needed {outcome['peak'] / 1e6:.0f} MB")
    return [f"{hostile.name} {complaint}" for complaint in found]


@pytest.mark.parametrize("chosen", CLASSES)
def test_none_is_accepted(chosen: str) -> None:
    """Each input is refused with its reason, within a second of CPU and 200 MB of memory."""
    command = [sys.executable, "-m", "tests.hostile.child", *chosen.split()]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = [line for line in ran.stdout.splitlines() if line.startswith("{")]  # doors may log beside it
    outcomes = {line["name"]: line for line in map(json.loads, said)}
    found = []
    for hostile in attack_of(chosen).inputs():
        outcome = outcomes.get(hostile.name)
        assert outcome is not None, (
            f"{hostile.name} ended the process ({ran.returncode}): {ran.stderr[-2000:]}"
        )
        found += complaints(hostile, outcome)
    assert not found, "\n" + "\n".join(found)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_there_are_enough() -> None:
    """More than three hundred inputs, each of its own name within its class."""
    total = 0
    for chosen in CLASSES:
        names = collections.Counter(hostile.name for hostile in attack_of(chosen).inputs())
        assert not [name for name, times in names.items() if times > 1], chosen
        total += len(names)
    assert total >= 300
