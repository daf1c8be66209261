"""Names by which people call their ethnic group: many of them belong to one group, some to several.

Where a declaration says such a name beside the group, the two must fit; the hub names the groups and asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from broker.canonical.document import path_of, tag
from broker.canonical.plan import Node
from broker.canonical.words import collapse
from broker.mapping.codes import CodeTable
from broker.model import Problem
from broker.names import same_name

STATED = "stated"
"""The attribute of an Ethnicity that holds the name."""


def groups(name: str, names: CodeTable, on: date) -> tuple[str, ...]:
    """Codes of the groups that the name may mean, sorted; none if nobody calls himself so.

    Capitals, hyphens and the place of a tone do not matter, the marks themselves do: Xa is not Xá.
    """
    written = _plain(name)
    rows = (row for row in names.rows if row.start <= on <= row.end)
    return tuple(sorted({row.target for row in rows if same_name(_plain(row.source), written)}))


def unclear_groups(declaration: Node, names: CodeTable, on: date) -> Iterator[Problem]:
    """Where the declared group is none of those that its stated name may mean. An unknown name proves nothing."""
    for element in declaration.iter(tag("Ethnicity")):
        stated = collapse(element.get(STATED) or "")
        meant = groups(stated, names, on) if stated else ()
        if meant and collapse(element.text or "") not in meant:
            listed = ", ".join(f"{names.lookup(code, on, reverse=True)} ({code})" for code in meant)
            yield Problem(
                path_of(element, declaration),
                f"Tên gọi “{stated}” có thể là dân tộc: {listed}; đề nghị chọn đúng dân tộc",
                f"The name “{stated}” may mean the ethnic group: {listed}; choose the right one",
            )


def _plain(name: str) -> str:
    return name.replace("-", " ").replace("\u2019", "'")
