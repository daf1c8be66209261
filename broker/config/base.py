"""What configuration models share: frozen, no unknown keys, and small values that files write as words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from broker.calendar import Deadline

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Frozen(BaseModel):
    """Base of configuration models: values cannot change, unknown keys are refused, text is trimmed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


class Words(Frozen):
    """A text for people in Vietnamese and English."""

    vi: str
    """Vietnamese, with diacritics."""
    en: str
    """English."""


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{value!r} is not a duration: write a number and ms, s, m, h or d, such as 30s")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def _deadline(value: Any) -> Any:
    return Deadline.parse(value) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A length of time, written ``250ms``, ``30s``, ``5m``, ``2h`` or ``3d``."""

DeadlineText = Annotated[Deadline, BeforeValidator(_deadline)]
"""A deadline in working time, written as `broker.calendar.Deadline.parse` reads it."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
"""An id: lower-case letters, digits, hyphens."""

ElementPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]+(/[A-Za-z]+){0,5}$")]
"""Element names from the root of a canonical document, such as ``Choices/ResidenceOffice``."""
