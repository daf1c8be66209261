"""Checks a bound mapping against both schemas: findings for the author, and the run-time checks that remain.

Everything here is conservative. What is proved needs no check when a document comes; what is refuted is a
finding, unless the rule says ``refuse: true``; what cannot be decided, or is waived, becomes a
`RuntimeCheck`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from broker.mapping import dates, datespaces, infer
from broker.mapping.conditions import ALWAYS, Condition, Known, Present, both, negation
from broker.mapping.errors import Findings
from broker.mapping.header import Header
from broker.mapping.inclusion import Included, Outside, included
from broker.mapping.presence import Presence, Shortfall, exclusive, inside
from broker.mapping.prover import Fails, Holds, Proof, entails
from broker.mapping.rules import (
    Blob,
    Block,
    Cases,
    Date,
    DatePart,
    Embedded,
    Expression,
    Guarded,
    Number,
    Read,
    Translate,
    operands,
    walk,
)
from broker.mapping.schema import Field, occurrences
from broker.mapping.values import DIGITS, Space, finite, fits, words

KINDS = {
    "value": ("giá trị không hợp quy định của nơi nhận", "the value is not one that the destination accepts"),
    "empty": ("không được để trống", "must not be empty"),
    "count": (
        "số lần xuất hiện vượt quá mức nơi nhận cho phép",
        "there are more than the destination accepts",
    ),
    "code": ("mã không có trong bảng mã", "the code is not in the code table"),
    "choice": ("mã có nhiều cách hiểu, cần chọn một", "the code has several meanings, choose one"),
    "date": ("không phải ngày giờ hợp lệ", "is not a valid date or time"),
    "partial": ("nơi nhận cần ngày tháng năm đầy đủ", "the destination needs the whole date"),
    "blob": ("không tìm thấy tệp đính kèm", "the attached file is not in the store"),
    "number": ("không phải số", "is not a number"),
    "document": ("văn bản bên trong không đúng lược đồ", "the document inside does not satisfy its schema"),
    "size": ("quá dài, đề nghị giảm bớt tệp đính kèm", "too long: fewer or smaller files, please"),
}
"""What each kind of run-time check says, in Vietnamese and in English."""


@dataclasses.dataclass(frozen=True, slots=True)
class RuntimeCheck:
    """Something only known when a document comes: checked then, refused with a field-level message."""

    target: str
    kind: str
    sources: tuple[str, ...]
    line: int
    detail: str

    @property
    def name(self) -> str:
        """The check's name, unique within a mapping: ``target#kind``."""
        return f"{self.target}#{self.kind}"


class Checker:
    """Checks the value side of every block and collects the run-time checks."""

    def __init__(self, header: Header, findings: Findings) -> None:
        self.header = header
        self.findings = findings
        self.declared: dict[str, RuntimeCheck] = {}
        self.waived: set[Block] = set()
        self.optional = tuple(name for name, parameter in header.params.items() if parameter.optional)

    def check(self, root: Block) -> None:
        """Check a block tree, embedded documents included."""
        for shortfall in Presence(self.optional).check(root, ALWAYS):
            self._shortfall(shortfall)
        self._below(root, ALWAYS)
        for block in root.blocks():
            if block.refuse and block not in self.waived:
                message = "refuse waives nothing: every document fits"
                self.findings.warn(block.line, block.target.path or ".", message, "Remove refuse.")

    def declare(self, block: Block, kind: str, detail: str) -> None:
        """Note a run-time check of a block."""
        sources = tuple(sorted(set(sources_of(block))))
        check = RuntimeCheck(block.target.path or ".", kind, sources, block.line, detail)
        self.declared.setdefault(check.name, check)

    def _error(self, block: Block, message: str, remedy: str) -> None:
        self.findings.error(block.line, block.target.path or ".", message, remedy)

    # ------------------------------------------------------------------ presence and cardinality

    def _shortfall(self, found: Shortfall) -> None:
        if found.only_empty or (found.refusable and found.block.refuse):
            self.waived.add(found.block)
            self.declare(found.block, "empty", "a required field may be fed with nothing")
            return
        told = f"in {found.proof.example}" if isinstance(found.proof, Fails) else "as far as can be decided"
        remedy = "Give it a rule, a default, the condition under which it is written, or refuse: true."
        self.findings.error(found.block.line, found.target.path or ".", f"{found.what}, {told}", remedy)

    def _below(self, block: Block, premise: Condition) -> None:
        known = (
            both(premise, Present(block.each), inside(block)) if block.each else both(premise, inside(block))
        )
        if block.value is not None:
            self._value(block, block.value, known)
        for target, children in block.children.items():
            self._cardinality(target, children, known)
            for child in children:
                self._below(child, known)

    def _cardinality(self, target: Field, blocks: list[Block], known: Condition) -> None:
        counts = [_most(block) for block in blocks]
        total = None if None in counts else sum(count or 0 for count in counts)
        if target.maximum is None or (total is not None and total <= target.maximum):
            self._enough(target, blocks)
            return
        if all(count == 1 for count in counts) and exclusive(blocks, known, self._prove):
            return
        told = "any number" if total is None else str(total)
        if any(block.refuse for block in blocks):
            self.waived.update(blocks)
            self.declare(blocks[0], "count", f"the source may have {told}, the target takes {target.maximum}")
        else:
            self._error(
                blocks[0],
                f"the source may have {told}, the target takes {target.maximum}",
                "Say refuse: true.",
            )

    def _enough(self, target: Field, blocks: list[Block]) -> None:
        """At least ``minOccurs`` for a target that must occur more than once."""
        least = sum(_least(block) for block in blocks)
        if target.minimum > 1 and least < target.minimum:
            self._error(
                blocks[0], f"the target needs {target.minimum}, the source may have {least}", "Add rules."
            )

    def _sure(self, known: Condition) -> infer.Sure:
        """Whether a condition holds wherever ``known`` does."""
        return lambda condition: isinstance(self._prove(known, condition), Holds)

    def _prove(self, premise: Condition, goal: Condition) -> Proof:
        return entails(premise, goal, optional=self.optional)

    # ------------------------------------------------------------------ values

    def _value(self, block: Block, value: Expression, known: Condition) -> None:
        for part, premise in guarded(value, known):
            self._converter(block, part, premise)
        if isinstance(value, Embedded):
            inner = Checker(self.header, self.findings)
            inner.check(value.block)
            self.declare(block, "size", "the files in it may be too many")
            for check in inner.declared.values():
                nested = dataclasses.replace(check, target=f"{block.target.path}/{check.target}")
                self.declared.setdefault(nested.name, nested)
        target = target_space(block.target)
        verdict = fits(infer.space(value, self._sure(known)), target)
        if isinstance(verdict, Included):
            return
        if isinstance(verdict, Outside) and not block.refuse:
            shown = (
                verdict.example
                if len(verdict.example) <= 40
                else f"a text of {len(verdict.example)} characters"
            )
            remedy = "Convert or cut it, or say refuse: true to refuse such documents."
            self._error(block, f"may get {shown!r}, which the target does not accept", remedy)
            return
        self.waived.add(block)
        why = "waived by refuse" if isinstance(verdict, Outside) else verdict.why
        self.declare(block, "value", why)

    def _converter(self, block: Block, part: Expression, known: Condition) -> None:
        match part:
            case Translate():
                self._table(block, part, known)
            case Date():
                self._date(block, part, part.reads)
                self._partial(block, part, known)
            case DatePart():
                self._date(block, part, part.reads)
            case Number(inner) if not all(
                _numeric(values) for values in infer.space(inner, self._sure(known))
            ):
                self.declare(block, "number", "the source is not a number by its type")
            case Blob():
                self.declare(block, "blob", "the file may not be in the store")

    def _table(self, block: Block, part: Translate, known: Condition) -> None:
        listed = finite(infer.space(part.of, self._sure(known)))
        if part.table.ambiguous(listed, self.header.start, self.header.end, reverse=part.reverse):
            self.declare(block, "choice", f"several rows of the table {part.table.name}")
        if part.unknown is not None and part.unknown != "refuse":
            return
        if listed is None:
            missing = ["any code"]
        else:
            missing = part.table.missing(listed, self.header.start, self.header.end, reverse=part.reverse)
        if not missing:
            if part.unknown is not None:
                message = f"{part.table.name} has every code"
                self.findings.warn(block.line, block.target.path, message, "Remove unknown.")
            return
        if part.unknown == "refuse":
            self.declare(block, "code", f"not in the table {part.table.name}")
            return
        named = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        what = "the source is not a closed list" if listed is None else f"no single translation of {named}"
        remedy = (
            f"Complete mappings/codes/{part.table.name}.yaml, or say unknown: refuse, keep or {{const: …}}."
        )
        self._error(block, f"{part.table.name}: {what} on every day of the mapping's validity", remedy)

    def _date(self, block: Block, part: Date | DatePart, reads: tuple[str, ...]) -> None:
        """A date converter can refuse unless the type guarantees both the form and that the day exists."""
        source = infer.space(part.of)
        readable = all(
            isinstance(included(values.languages, datespaces.reading(reads)), Included) for values in source
        )
        if not (readable and all(values.kind in ("date", "gYear", "gYearMonth") for values in source)):
            self.declare(
                block,
                "date",
                "the form fits but the day may not exist" if readable else "may be in another form",
            )

    def _precise(self, part: Date, wanted: int, known: Condition) -> bool:
        """True if the date is read only where it is known to be precise enough."""
        level = (
            {2: Known(part.of.ref, "month"), 3: Known(part.of.ref, "day")}
            if isinstance(part.of, Read)
            else {}
        )
        return wanted in level and isinstance(self._prove(known, level[wanted]), Holds)

    def _partial(self, block: Block, part: Date, known: Condition) -> None:
        wanted = min((0 if form == dates.ISO else dates.precision(form) for form in part.writes), default=0)
        sure = datespaces.least_known(infer.space(part.of), part.reads)
        if sure >= wanted or self._precise(part, wanted, known):
            return
        if part.refuse_partial:
            self.declare(block, "partial", "the source may know less of the date than the target needs")
            return
        remedy = "Add a shorter format to write, or say partial: refuse."
        self._error(block, "the source date may be partial, and no format can write that", remedy)


def guarded(value: Expression, known: Condition) -> Iterator[tuple[Expression, Condition]]:
    """Every expression inside, each with what is known where it is computed."""
    yield value, known
    match value:
        case Guarded(inner, when):
            yield from guarded(inner, both(known, when))
        case Cases(branches):
            earlier: list[Condition] = []
            for when, inner in branches:
                yield from guarded(inner, both(known, *map(negation, earlier), when))
                earlier.append(when)
        case _:
            for inner in operands(value):
                yield from guarded(inner, known)


def _numeric(values: object) -> bool:
    kind = getattr(values, "kind", "")
    languages = getattr(values, "languages", ())
    return kind == "integer" or isinstance(included(languages, DIGITS), Included)


def _most(block: Block) -> int | None:
    return 1 if block.each is None else occurrences(block.each.field, _start(block))[1]


def _least(block: Block) -> int:
    if block.each is None:
        return int(block.when == ALWAYS and block.over is None)
    return occurrences(block.each.field, _start(block))[0] if block.when == ALWAYS else 0


def _start(block: Block) -> Field:
    assert block.each is not None
    return block.each.scope.root


def target_space(field: Field) -> Space:
    """What a target field accepts, its fixed value included."""
    fixed = getattr(field.xsd, "fixed", None)
    return words(fixed) if fixed else field.space or ()


def sources_of(block: Block) -> Iterator[str]:
    """Source paths that feed the text of a block."""
    for start in (block.each, block.over):
        if start is not None:
            yield start.path
    for part in walk(block.value) if block.value is not None else ():
        if isinstance(part, Read):
            yield part.ref.path
        elif isinstance(part, Embedded):
            for inner in part.block.blocks():
                yield from sources_of(inner)
