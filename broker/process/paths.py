"""Paths into canonical documents: element names with slashes, all in the canonical namespace."""

from __future__ import annotations

import functools

from lxml import etree

NAMESPACE = "urn:lienthong:1.0"


@functools.lru_cache(maxsize=1024)
def qualified(path: str) -> str:
    """The path as lxml's ``find`` wants it."""
    return "/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))


def find(element: etree._Element, path: str) -> etree._Element | None:
    """The first element at ``path`` below ``element``, None if there is none."""
    return element.find(qualified(path))


def text(element: etree._Element, path: str) -> str | None:
    """The text at ``path``, whitespace collapsed as xs:token wants; None if absent or empty."""
    found = find(element, path)
    return (" ".join((found.text or "").split()) or None) if found is not None else None
