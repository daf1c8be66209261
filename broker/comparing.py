"""What an agency says it has, compared with what the hub has sent there. Pure: lists in, differences out."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from broker.model import Listed, Step, StepState
from broker.process.states import AT_AGENCY, DONE

Target = tuple[str, str]
"""Dossier id and step."""

_IN_HAND = AT_AGENCY - {StepState.SUPPLEMENT}


@dataclasses.dataclass(frozen=True, slots=True)
class Ours:
    """One step that the hub has with the agency, and the dossier's code."""

    dossier_id: str
    code: str
    step: Step

    @property
    def target(self) -> Target:
        """What it is matched by."""
        return self.dossier_id, self.step.id


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """Something on which two lists disagree. ``what`` names it the same every night."""

    kind: str  # "missing" | "unknown" | "state" | "duplicate"
    what: str
    reason: str
    dossier_id: str | None = None
    step: str | None = None

    def digest(self, agency: str) -> str:
        """Which disagreement it is, whenever it is found."""
        return hashlib.sha256(f"{agency}|{self.kind}|{self.what}".encode()).hexdigest()[:32]


def submissions(lines: Iterable[Listed]) -> list[Listed]:
    """The lines that are about submissions: supplements, withdrawals and corrections have keys of their own."""
    return [line for line in lines if line.key is None or _version(line.key).isdigit() or ":" not in line.key]


def compare(
    theirs: Sequence[tuple[Listed, Ours | None]], expected: Iterable[Ours], now: datetime, grace: timedelta
) -> Iterator[Difference]:
    """Every difference. ``theirs``: each line with our step that it is about; ``expected``: what they should have.

    What changed within ``grace`` may still be on its way and is no difference.
    """
    known: dict[Target, tuple[Ours, list[Listed]]] = {}
    for line, ours in theirs:
        if ours is None:
            name = line.code or line.agency_code or line.key or "?"
            yield Difference("unknown", name, f"they have {_name(line)}, which the hub has not sent there")
        else:
            known.setdefault(ours.target, (ours, []))[1].append(line)
    for ours, lines in known.values():
        yield from _twice(ours, lines)
        if now - ours.step.since >= grace:
            yield from _state(ours, lines[-1])
    for ours in expected:
        if ours.target not in known:
            reason = f"the hub has sent {ours.code} {ours.step.id} ({ours.step.state}), they do not list it"
            yield _of(ours, "missing", reason)


def _twice(ours: Ours, lines: Sequence[Listed]) -> Iterator[Difference]:
    codes = sorted({line.agency_code for line in lines if line.agency_code})
    if len(codes) > 1:
        yield _of(ours, "duplicate", f"they have {ours.code} {ours.step.id} under {', '.join(codes)}")


def _state(ours: Ours, line: Listed) -> Iterator[Difference]:
    mine, other = _class(ours.step.state), _class(line.state)
    if None not in (mine, other) and mine != other:
        yield _of(
            ours, "state", f"{ours.code} {ours.step.id} is {ours.step.state} here and {line.state} there"
        )


def _class(state: StepState | None) -> str | None:
    """States that count as the same; None for those of which the agency can know nothing."""
    if state in _IN_HAND:
        return "in hand"
    if state in DONE:
        return "done"
    ends = (StepState.SUPPLEMENT, StepState.REJECTED, StepState.WITHDRAWN)
    return state.value if state in ends else None


def _of(ours: Ours, kind: str, reason: str) -> Difference:
    return Difference(kind, f"{ours.code}:{ours.step.id}", reason, ours.dossier_id, ours.step.id)


def _version(key: str) -> str:
    return key.rpartition(":")[2]


def _name(line: Listed) -> str:
    names: Mapping[str, str | None] = {"dossier": line.code, "number": line.agency_code, "key": line.key}
    return (
        ", ".join(f"{name} {value}" for name, value in names.items() if value) or "a dossier without a code"
    )
