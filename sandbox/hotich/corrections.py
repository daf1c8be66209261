"""Corrections of registered acts: which fields changed, when, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lxml import etree

from sandbox.core.xml import copy_of


def corrected(record: etree._Element, values: Mapping[str, str]) -> etree._Element:
    """A copy of the record with other texts at some paths, such as ``nksHoTen/Ten``.

    Raises ValueError for a path that the record does not have, or if nothing is given.
    """
    if not values:
        raise ValueError("chưa nêu nội dung cải chính")
    changed = copy_of(record)
    for path, value in values.items():
        leaf = changed.find(path)
        if leaf is None or len(leaf):
            raise ValueError(f"{path}: không có mục này trong hồ sơ")
        leaf.text = value.strip()
    return changed


def note(data: Mapping[str, Any], values: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """What the desk has to remember of a correction, after those before it."""
    before = data.get("corrections", [])
    return {"corrections": [*before, {"at": now.isoformat(), "fields": list(values)}]}


def latest(data: Mapping[str, Any]) -> datetime | None:
    """When the act was corrected last, None if it never was."""
    made = data.get("corrections", [])
    return datetime.fromisoformat(made[-1]["at"]) if made else None


def words(data: Mapping[str, Any]) -> str:
    """What is said of the last correction; nothing if there was none."""
    made = data.get("corrections", [])
    return f"Đã cải chính: {', '.join(made[-1]['fields'])}" if made else ""
