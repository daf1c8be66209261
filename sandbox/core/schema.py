"""Schema validation by the `xmlschema` package: another implementation than the hub's libxml2."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import xmlschema
from lxml import etree

from sandbox.core.xml import copy_of


class Schema:
    """One compiled XSD 1.0 schema with everything it imports from its own folder."""

    def __init__(self, path: Path) -> None:
        """Compile ``path``. A wrong schema raises xmlschema's own error: it is our mistake."""
        self._schema = xmlschema.XMLSchema10(str(path), allow="sandbox", base_url=str(path.parent))

    def errors(self, element: etree._Element, *, as_element: str | None = None) -> list[str]:
        """What is wrong with ``element``, in document order; an empty list if it is valid.

        ``as_element`` is the global element to validate as when the message carries it under another name, as
        an rpc/literal part accessor does.
        """
        document = copy_of(element)
        if as_element is not None:
            document.tag = as_element
        return [f"{error.path}: {error.reason}" for error in self._schema.iter_errors(document)]


@cache
def schema(path: Path) -> Schema:
    """The compiled schema of a file; compiled once per process because it takes tens of milliseconds."""
    return Schema(path)
