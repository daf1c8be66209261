"""When each block writes something, and proofs that a target document always has what its content model asks
for.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator

from broker.mapping.conditions import ALWAYS, NEVER, Condition, Present, Yields, any_of, both, negation
from broker.mapping.infer import filled
from broker.mapping.prover import Fails, Holds, Proof, TooHard, entails
from broker.mapping.rules import Block, Default
from broker.mapping.schema import Field, Group, fields_of, unconditional


def written(block: Block) -> Condition:
    """The condition, seen from outside the block, under which it writes at least one element or attribute."""
    if block.each is not None:
        return both(Present(block.each), _some_item(block))
    if _stands_alone(block) or unconditional(block.target):
        return both(_entered(block), block.when)
    return fed(block)


def fed(block: Block) -> Condition:
    """The condition under which a block has something to say, even where it is written without."""
    if block.each is not None or _stands_alone(block):
        return written(block)
    parts = [fed(child) for group in block.children.values() for child in group]
    own = filled(block.value) if block.value is not None else NEVER
    return both(_entered(block), block.when, any_of(*parts, own))


def _stands_alone(block: Block) -> bool:
    """True for a group in the YAML: it is written when its condition says so, whatever is inside."""
    return block.explicit and (bool(block.children) or block.value is None)


def _entered(block: Block) -> Condition:
    return ALWAYS if block.over is None else Present(block.over)


def _some_item(block: Block) -> Condition:
    if block.when == ALWAYS and (block.value is None or filled(block.value) == ALWAYS):
        return ALWAYS
    assert block.each is not None
    return Yields(f"some {block.each.path} for which {block.target.name} is written", id(block))


def inside(block: Block) -> Condition:
    """What is known inside a block, seen from its own scope, beyond what is known outside."""
    if block.each is not None:
        own = filled(block.value) if block.value is not None and not unconditional(block.target) else ALWAYS
        return both(block.when, own)
    return written(block)


@dataclasses.dataclass(frozen=True, slots=True)
class Shortfall:
    """Something that the target demands and that is not proved, at ``block`` for the field ``target``.

    ``only_empty`` tells that the proof fails for empty elements alone, which a check at run time can catch.
    ``refusable`` tells that the author may choose to refuse documents that fall short, by ``refuse: true`` on
    the rule.
    """

    block: Block
    target: Field
    proof: Proof
    what: str
    only_empty: bool = False
    refusable: bool = False


class Presence:
    """Walks one block tree and reports every `Shortfall`."""

    def __init__(self, optional: tuple[str, ...]) -> None:
        """``optional`` names the parameters that may be missing."""
        self.optional = optional

    def check(self, block: Block, premise: Condition) -> Iterator[Shortfall]:
        """Shortfalls in a block and below, given what holds around it."""
        known = (
            both(premise, inside(block))
            if block.each is None
            else both(premise, Present(block.each), inside(block))
        )
        if block.value is not None:
            yield from self._text(block, known)
        for attribute in block.target.attributes:
            if attribute.minimum:
                yield from self._required(block, attribute, known)
        if block.target.content is not None:
            yield from self._group(block, block.target.content, known)
        for group in block.children.values():
            for child in group:
                yield from self.check(child, known)

    def _text(self, block: Block, known: Condition) -> Iterator[Shortfall]:
        """Text of an element that is written whatever the text."""
        assert block.value is not None
        if block.target.may_be_empty and isinstance(block.value, Default) and not block.value.text:
            return  # the author says that nothing is fine
        must = unconditional(block.target) or (block.explicit and bool(block.children))
        if must or block.over is not None:
            yield from self._demand(block, block.target, known, filled(block.value), "has no value")

    def _required(self, block: Block, field: Field, known: Condition) -> Iterator[Shortfall]:
        children = block.children.get(field, [])
        if not children:
            yield Shortfall(block, field, Fails("any document"), "has no rule")
            return
        goal = any_of(*map(written, children))
        yield from self._demand(children[0], field, known, goal, "is not written")

    def _demand(
        self, block: Block, field: Field, known: Condition, goal: Condition, what: str
    ) -> Iterator[Shortfall]:
        proof = self._entails(known, goal)
        if not isinstance(proof, Holds):
            relaxed = isinstance(self._entails(known, goal, filled=True), Holds)
            if not (relaxed and field.may_be_empty):
                yield Shortfall(
                    block, field, proof, what, only_empty=relaxed, refusable=block.target is field
                )

    def _entails(self, premise: Condition, goal: Condition, *, filled: bool = False) -> Proof:
        return entails(premise, goal, filled=filled, optional=self.optional)

    # ------------------------------------------------------------------ content models

    def _group(self, block: Block, group: Group, known: Condition) -> Iterator[Shortfall]:
        mapped = [field for field in fields_of(group) if field in block.children]
        if group.maximum != 1 and len(mapped) > 1:
            yield Shortfall(
                block, mapped[0], TooHard(), "stands in a repeated group, which mappings cannot write"
            )
            return
        if group.minimum == 0:
            known = both(known, self._any_written(block, group))
            if not mapped:
                return
        if group.kind == "choice":
            yield from self._choice(block, group, known)
            return
        for member in group.members:
            if isinstance(member, Group):
                yield from self._group(block, member, known)
            elif member.minimum > 0:
                yield from self._required(block, member, known)

    def _choice(self, block: Block, group: Group, known: Condition) -> Iterator[Shortfall]:
        branches = [(member, self._any_written(block, member)) for member in group.members]
        used = [(member, when) for member, when in branches if when != NEVER]
        for (one, first), (other, second) in itertools.combinations(used, 2):
            proof = self._entails(both(known, first), negation(second))
            if not isinstance(proof, Holds):
                name = next(_names(one)).name
                yield Shortfall(
                    block,
                    next(_names(other)),
                    proof,
                    f"can be written beside {name}, but the target takes one",
                )
        if not any(_optional(member) for member in group.members):
            proof = self._entails(known, any_of(*(when for _, when in used)))
            if not isinstance(proof, Holds):
                names = ", ".join(field.name for member in group.members for field in _names(member))
                yield Shortfall(
                    block,
                    next(fields_of(group)),
                    proof,
                    f"is part of a choice ({names}) of which none is written",
                )
        for member, when in used:
            if isinstance(member, Group):
                yield from self._group(block, member, both(known, when))

    def _any_written(self, block: Block, member: Field | Group) -> Condition:
        fields = fields_of(member) if isinstance(member, Group) else iter((member,))
        return any_of(*(written(child) for field in fields for child in block.children.get(field, [])))


def exclusive(blocks: list[Block], known: Condition, prove: Callable[[Condition, Condition], Proof]) -> bool:
    """True if no document makes two of the blocks write."""
    pairs = itertools.combinations(blocks, 2)
    return all(isinstance(prove(both(known, written(a)), negation(written(b))), Holds) for a, b in pairs)


def _names(member: Field | Group) -> Iterator[Field]:
    yield from fields_of(member) if isinstance(member, Group) else (member,)


def _optional(member: Field | Group) -> bool:
    if isinstance(member, Field):
        return member.minimum == 0
    return member.minimum == 0 or (
        member.kind != "choice" and all(_optional(inner) for inner in member.members)
    )
