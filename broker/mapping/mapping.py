"""One mapping: loaded and proved once, then run for each message.

``run`` costs about what libxslt and one schema validation cost. The output is validated before it is handed
out; if it is not valid, the declared run-time checks say which field is to blame, and nothing leaves.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from collections.abc import Mapping as Dictionary
from datetime import date
from pathlib import Path
from typing import Any, cast

from lxml import etree

from broker.mapping import blocks, compiler, explain, header, infer
from broker.mapping.checks import Checker, RuntimeCheck
from broker.mapping.coverage import Drops, check_coverage
from broker.mapping.errors import Finding, Findings, MappingError, MappingFault, Problem
from broker.mapping.header import Header
from broker.mapping.rules import Block, Embedded
from broker.mapping.runtime import Blobs, Runtime
from broker.mapping.yamltree import read
from signing import xml
from signing.errors import XmlRefused

_NO_ACCESS = cast("Any", etree.XSLTAccessControl).DENY_ALL
_NO_PARAMS: Dictionary[str, str] = {}


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """Everything read and proved about a mapping file; ``block`` is None if the file is too broken."""

    header: Header | None
    block: Block | None
    drops: Drops
    checks: Dictionary[str, RuntimeCheck]
    findings: tuple[Finding, ...]


def prepare(path: Path, project: Path) -> Prepared:
    """Read and check a mapping file. Never raises for what the file says: see ``findings``."""
    project, path = project.resolve(), path.resolve()
    findings = Findings(path, project)
    try:
        tree = read(path, findings.file)
    except MappingFault as fault:
        return Prepared(None, None, Drops(()), {}, fault.findings)
    head = header.read(tree, findings, path, project)
    if head is None:
        return Prepared(None, None, Drops(()), {}, tuple(sorted(findings.items)))
    root = blocks.BlockReader(head, findings, project).root(tree.get("map"), tree.line_of("map"))
    checks: dict[str, RuntimeCheck] = {}
    bound = not findings.failed
    drops = Drops.read(tree.get("drops"), findings)
    if bound:
        checks = _prove(head, root, drops, findings)
    return Prepared(head, root, drops, checks, tuple(sorted(findings.items)))


def _prove(head: Header, root: Block, drops: Drops, findings: Findings) -> dict[str, RuntimeCheck]:
    for block in root.blocks():
        if block.value is not None:
            block.value = infer.normalized(block.value, block.target)
    checker = Checker(head, findings)
    checker.check(root)
    check_coverage(head, root, drops, findings)
    return checker.declared


class Mapping:
    """A mapping that has passed its checks. Safe to use from many threads."""

    def __init__(self, prepared: Prepared, file: Path) -> None:
        """Use `load`."""
        assert prepared.header is not None
        assert prepared.block is not None
        self.file = file
        self.header = prepared.header
        self.block = prepared.block
        self.drops = prepared.drops
        self.checks = prepared.checks
        self.findings = prepared.findings
        self.stylesheet = compiler.compile_mapping(self.header, self.block, self.checks)
        self._local = threading.local()

    @property
    def name(self) -> str:
        """The mapping's name, that of its folder."""
        return self.header.name

    def in_force(self, on: date) -> bool:
        """True if the mapping is valid on a day."""
        return self.header.start <= on <= self.header.end

    def run(
        self,
        document: bytes | etree._Element,
        *,
        on: date,
        params: Dictionary[str, str] = _NO_PARAMS,
        blobs: Callable[[str], bytes] | None = None,
    ) -> bytes:
        """The target document for a source document that is valid for its schema.

        ``on`` chooses the rows of code tables. Raises MappingError with every problem found; then nothing was
        produced.
        """
        return xml.serialize(self.transform(document, on=on, params=params, blobs=blobs))

    def transform(
        self,
        document: bytes | etree._Element,
        *,
        on: date,
        params: Dictionary[str, str] = _NO_PARAMS,
        blobs: Callable[[str], bytes] | None = None,
    ) -> etree._Element:
        """Like `run`, giving the tree before it is serialised."""
        source = self._source(document)
        problems = self._refused(source, on, params)
        if problems:
            raise MappingError(problems)
        return self._compiled().transform(source, on, params, blobs)

    def _source(self, document: bytes | etree._Element) -> etree._Element:
        if not isinstance(document, bytes):
            return document
        try:
            return xml.parse(document)
        except XmlRefused as error:
            raise MappingError(
                [_general(f"không phải XML hợp lệ ({error})", f"is not acceptable XML ({error})")]
            ) from error

    def _refused(self, source: etree._Element, on: date, params: Dictionary[str, str]) -> list[Problem]:
        """Why the message cannot even be tried: wrong document, wrong day, wrong parameters."""
        problems = []
        if source.tag != self.header.source.root.qname:
            wanted = self.header.source.root.name
            problems.append(_general(f"phải là {wanted}", f"must be {wanted}"))
        if not self.in_force(on):
            problems.append(
                _general(f"ngoài thời gian hiệu lực ({on})", f"the mapping is not in force on {on}")
            )
        return problems + explain.parameters(self.header.params, params)

    def _compiled(self) -> _Compiled:
        """The stylesheet and schemas of this thread (shared ones would mix up their error logs)."""
        found: _Compiled | None = getattr(self._local, "compiled", None)
        if found is None:
            found = self._local.compiled = _Compiled(self)
        return found


class _Compiled:
    """What one thread needs to run a mapping."""

    def __init__(self, mapping: Mapping) -> None:
        head = mapping.header
        self.mapping = mapping
        self.runtime = Runtime(head.tables, mapping.checks, head.zone, _inner(mapping.block))
        self.xslt = etree.XSLT(
            mapping.stylesheet, extensions=self.runtime.functions(), access_control=_NO_ACCESS
        )
        self.schema = etree.XMLSchema(file=str(head.target.schema))

    def transform(
        self, source: etree._Element, on: date, params: Dictionary[str, str], blobs: Blobs | None
    ) -> etree._Element:
        self.runtime.begin(on, blobs)
        passed: dict[str, Any] = {
            name: etree.XSLT.strparam(params.get(name, "")) for name in self.mapping.header.params
        }
        try:
            output = self.xslt(source, **passed).getroot()
        except etree.XSLTApplyError as error:
            raise MappingError(
                [_general("không chuyển đổi được", f"cannot be transformed ({error})")]
            ) from error
        valid = self.schema.validate(output)
        if self.runtime.problems or not valid:
            log = [] if valid else [str(entry.message) for entry in cast("Any", self.schema.error_log)]
            raise MappingError(
                explain.problems(self.mapping.block, output, self.mapping.checks, self.runtime.problems, log)
            )
        return output


def _inner(root: Block) -> Dictionary[str, etree.XMLSchema]:
    """Target field → compiled schema of the document written there as text, those inside it included."""
    found: dict[str, etree.XMLSchema] = {}
    for block in root.blocks():
        if isinstance(block.value, Embedded):
            found[block.target.path] = etree.XMLSchema(file=str(block.value.schema))
            nested = _inner(block.value.block)
            found |= {f"{block.target.path}/{path}": schema for path, schema in nested.items()}
    return found


def _general(vi: str, en: str) -> Problem:
    return Problem(".", ".", f"Văn bản nguồn {vi}.", f"The source document {en}.", "source")


def load(path: Path, project: Path) -> Mapping:
    """The mapping in a file, or in ``mapping.yaml`` of a folder. Raises MappingFault if a check fails."""
    file = path / "mapping.yaml" if path.is_dir() else path
    prepared = prepare(file, project)
    if (
        prepared.header is None
        or prepared.block is None
        or any(f.severity == "error" for f in prepared.findings)
    ):
        raise MappingFault(prepared.findings)
    return Mapping(prepared, file)
