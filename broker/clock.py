"""Where the product's time comes from: one function, passed to everything that needs to know."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
NewId = Callable[[], str]


def system_clock() -> datetime:
    """The machine's time, aware, UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine


def random_id() -> str:
    """A fresh 32-digit identifier."""
    return uuid.uuid4().hex
