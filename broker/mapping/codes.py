"""Code tables: dated translations between two code lists, one YAML file each under ``mappings/codes``.

A row holds from ``valid_from`` to ``valid_until``, both inclusive, both optional. At one date a code has at
most one row. A row whose ``to`` is a list names candidates: only a person can choose, so the translation is
refused and the candidates are told. Read in reverse, a code that several rows translate to must be settled in
``reverse:`` or be refused in the same way. A table that is another one under its own name takes its rows with
``rows_of``.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from broker.mapping import providers
from broker.mapping.errors import Finding, Findings, MappingFault
from broker.mapping.yamltree import Items, Node, Table, Text, read

ALL_TIME = (date.min, date.max)
_KEYS = {"table", "summary", "basis", "source", "target", "rows", "rows_of", "provider", "reverse"}
_ROW_KEYS = {"from", "to", "valid_from", "valid_until"}


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One translation and the days on which it holds, both inclusive. ``choice``: one of several candidates."""

    source: str
    target: str
    start: date = date.min
    end: date = date.max
    line: int = 1
    choice: bool = False


class UnknownCode(LookupError):
    """The table has no translation of the code at that date."""


class AmbiguousCode(UnknownCode):
    """The table has several translations of the code at that date: ``candidates``, sorted."""

    def __init__(self, candidates: Iterable[str]) -> None:
        self.candidates = tuple(sorted(candidates))
        super().__init__(f"is ambiguous: {', '.join(self.candidates)}")


@dataclasses.dataclass(frozen=True)
class CodeTable:
    """A dated translation. `lookup` is what runs for each message; the rest serves the checks."""

    name: str
    file: str
    summary: str
    basis: str
    rows: tuple[Row, ...]
    settled: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_forward", _index((row.source, row.target, row) for row in self.rows))
        object.__setattr__(self, "_backward", _index((row.target, row.source, row) for row in self.rows))

    def lookup(self, code: str, on: date, *, reverse: bool = False) -> str:
        """The translation of ``code`` in force on a day. Raises UnknownCode, AmbiguousCode if there are several."""
        if reverse and code in self.settled:
            return self.settled[code]
        index: dict[str, list[tuple[str, Row]]] = self.__dict__["_backward" if reverse else "_forward"]
        found = [text for text, row in index.get(code, ()) if row.start <= on <= row.end]
        if not found:
            raise UnknownCode("is not in the table")
        if len(found) > 1:
            raise AmbiguousCode(found)
        return found[0]

    def translations(self, reverse: bool, start: date = date.min, end: date = date.max) -> frozenset[str]:
        """Every text the table can give during an interval."""
        rows = [row for row in self.rows if row.start <= end and start <= row.end]
        texts = {row.source if reverse else row.target for row in rows}
        return frozenset(texts | set(self.settled.values()) if reverse else texts)

    def missing(self, codes: Iterable[str], start: date, end: date, *, reverse: bool = False) -> list[str]:
        """Codes without exactly one translation on some day of the interval."""
        return sorted(code for code in codes if not self._total(code, start, end, reverse))

    def ambiguous(
        self, codes: Iterable[str] | None, start: date, end: date, *, reverse: bool = False
    ) -> list[str]:
        """Codes, of those given or of all, that have several translations on some day of the interval."""
        index: dict[str, list[tuple[str, Row]]] = self.__dict__["_backward" if reverse else "_forward"]
        settled = self.settled if reverse else {}
        asked = index.keys() if codes is None else set(codes) & index.keys()
        return sorted(
            code
            for code in asked - settled.keys()
            if _disjoint(sorted((row.start, row.end) for _, row in index[code]), start, end) < 0
        )

    def _total(self, code: str, start: date, end: date, reverse: bool) -> bool:
        if reverse and code in self.settled:
            return True
        index: dict[str, list[tuple[str, Row]]] = self.__dict__["_backward" if reverse else "_forward"]
        spans = sorted((row.start, row.end) for _, row in index.get(code, ()))
        day = start
        for first, last in spans:
            if last < start or first > end:
                continue
            if first > day or last < day:
                return False
            if last >= end:
                return sum(f <= end and start <= e for f, e in spans) == _disjoint(spans, start, end)
            day = last + timedelta(days=1)
        return False


def _disjoint(spans: list[tuple[date, date]], start: date, end: date) -> int:
    """The number of spans that touch the interval, -1 if two of them overlap."""
    inside = [(first, last) for first, last in spans if first <= end and start <= last]
    clash = any(later[0] <= earlier[1] for earlier, later in itertools.pairwise(inside))
    return -1 if clash else len(inside)


def _index(entries: Iterable[tuple[str, str, Row]]) -> dict[str, list[tuple[str, Row]]]:
    index: dict[str, list[tuple[str, Row]]] = {}
    for key, text, row in entries:
        index.setdefault(key, []).append((text, row))
    return index


def load(path: Path, project: Path) -> CodeTable:
    """The code table in ``path``. Raises MappingFault with every fault found."""
    findings = Findings(path, project)
    tree = read(path, findings.file)
    for key in tree.values.keys() - _KEYS:
        findings.error(
            tree.line_of(key), key, "is not a key of a code table", f"Use {', '.join(sorted(_KEYS))}."
        )
    if _text(tree.get("table")) != path.stem:
        findings.error(
            tree.line_of("table"), "table", f"must be {path.stem!r}", "Name it as the file is named."
        )
    if not _text(tree.get("basis")):
        findings.error(tree.line, "basis", "is missing", "Say where the facts come from.")
    rows = tuple(_rows(tree, findings, path, project))
    _check_overlaps(rows, findings)
    settled = _settled(tree.get("reverse"), rows, findings)
    if findings.failed:
        raise MappingFault(findings.items)
    return CodeTable(
        path.stem, findings.file, _text(tree.get("summary")), _text(tree.get("basis")), rows, settled
    )


def load_all(project: Path) -> tuple[CodeTable, ...]:
    """Every code table of a project, by name. Raises MappingFault with the faults of all of them."""
    tables: list[CodeTable] = []
    faults: list[Finding] = []
    for path in sorted((project / "mappings" / "codes").glob("*.yaml")):
        try:
            tables.append(load(path, project))
        except MappingFault as fault:
            faults += fault.findings
    if faults:
        raise MappingFault(faults)
    return tuple(tables)


def _rows(tree: Table, findings: Findings, path: Path, project: Path) -> Iterator[Row]:
    other = tree.get("rows_of")
    if other is not None:
        yield from _rows_of(other, findings, path, project)
        return
    provider = tree.get("provider")
    if provider is not None:
        known = providers.PROVIDERS.get(_text(provider))
        if known is None:
            names = ", ".join(sorted(providers.PROVIDERS))
            findings.error(tree.line_of("provider"), "provider", "is not known", f"Use one of {names}.")
            return
        for source, target, start, end in known():
            yield Row(source, target, start, end, tree.line_of("provider"))
        return
    listed = tree.get("rows")
    if not isinstance(listed, Items):
        findings.error(tree.line, "rows", "are missing", "List rows of from and to, or name a provider.")
        return
    for item in listed:
        if isinstance(item, Table):
            yield from _row(item, findings)
        else:
            findings.error(item.line, "rows", "must be mappings", "Write {from: …, to: …}.")


def _rows_of(node: Node, findings: Findings, path: Path, project: Path) -> Iterator[Row]:
    named = path.with_name(f"{_text(node)}.yaml")
    if named == path or not named.is_file():
        findings.error(node.line, "rows_of", "names no other code table", "Name a file of this folder.")
        return
    try:
        yield from load(named, project).rows
    except MappingFault as fault:
        findings.items.extend(fault.findings)


def _row(item: Table, findings: Findings) -> Iterator[Row]:
    for key in item.values.keys() - _ROW_KEYS:
        findings.error(
            item.line_of(key), key, "is not a key of a row", f"Use {', '.join(sorted(_ROW_KEYS))}."
        )
    source, targets = _text(item.get("from")), _targets(item.get("to"))
    if not source or not all(targets) or not targets:
        findings.error(item.line, "rows", "a row needs from and to", "Write {from: …, to: …}.")
        return
    try:
        start = day(item.get("valid_from"), date.min)
        end = day(item.get("valid_until"), date.max)
    except ValueError:
        findings.error(item.line, source, "has a date that does not exist", "Write dates as 2025-07-01.")
        return
    if end < start:
        findings.error(item.line, source, "ends before it begins", "Swap valid_from and valid_until.")
    for target in targets:
        yield Row(source, target, start, end, item.line, len(targets) > 1)


def _targets(node: Node | None) -> list[str]:
    """One translation, or the candidates among which a person must choose."""
    return [_text(one) for one in node] if isinstance(node, Items) else [_text(node)]


def _check_overlaps(rows: tuple[Row, ...], findings: Findings) -> None:
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row.source, row.start)):
        before = latest.get(row.source)
        together = before is not None and row.choice and row.line == before.line
        if before is not None and not together and row.start <= before.end:
            findings.error(
                row.line,
                row.source,
                f"overlaps the row of line {before.line}",
                "Close the earlier row first.",
            )
        latest[row.source] = row


def _settled(node: Node | None, rows: tuple[Row, ...], findings: Findings) -> dict[str, str]:
    if node is None:
        return {}
    if not isinstance(node, Table):
        findings.error(node.line, "reverse", "must be a mapping of target codes", "Write {target: source}.")
        return {}
    pairs = {(row.target, row.source) for row in rows}
    settled = {key: _text(value) for key, value in node.values.items()}
    for pair in settled.items() - pairs:
        findings.error(
            node.line_of(pair[0]), pair[0], "settles a pair that no row has", "Choose the source of a row."
        )
    return settled


def _text(node: Node | None) -> str:
    return node.value if isinstance(node, Text) and not node.empty else ""


def day(node: Node | None, default: date) -> date:
    """The date written in a node, or the default for a null. Raises ValueError."""
    if node is None or (isinstance(node, Text) and node.empty):
        return default
    if not isinstance(node, Text):
        raise ValueError("not a date")
    return date.fromisoformat(node.value)
