"""What adapters are given in these tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adapters.base import Resources
from adapters.http import HttpClient
from lienthong.fake_agency import numbers
from tests import pki

ROOT = Path(__file__).parents[2]


def resources(**more: Any) -> Resources:
    """Resources whose clock stands at the time of the test PKI; secrets are their own names."""
    given = {
        "http": HttpClient(clock=lambda: pki.NOW),
        "contracts": ROOT / "xsd",
        "clock": lambda: pki.NOW,
        "new_id": numbers(),
        "secret": lambda name: name,
    }
    return Resources(**{**given, **more})
