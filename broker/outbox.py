"""Makes deliveries: from a decision of the process engine to the agency's own, validated document.

Mapping happens here, before the transaction that stores the delivery, so that a document which cannot be made is a
decision for people and not a broken transaction. Nothing here touches the database.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from broker.agency import Agency
from broker.attribution import Attribution
from broker.canonical import build, edit
from broker.clock import Clock, NewId, local_day
from broker.mapping import MappingError
from broker.model import Delivery, DeliveryKind, Dossier, Step, StepState, Transition
from broker.process.commands import Send
from broker.process.engine import Engine
from broker.process.results import changes
from broker.process.rules import RuleSet
from signing.xml import parse

_OPERATION = {
    DeliveryKind.STEP: "submit",
    DeliveryKind.SUPPLEMENT: "supplement",
    DeliveryKind.WITHDRAWAL: "withdraw",
    DeliveryKind.CORRECTION: "correct",
}
_DEFAULT_REASON = "Công dân rút hồ sơ"


@dataclasses.dataclass(frozen=True)
class Case:
    """A dossier together with the engine that decides for it and its codes in other systems."""

    dossier: Dossier
    engine: Engine
    codes: Mapping[str, str]

    @property
    def rules(self) -> RuleSet:
        """The rules under which it was received."""
        return self.engine.rules


@dataclasses.dataclass(frozen=True, slots=True)
class News:
    """A line of the history that outsiders are told. ``missed``: the appointment that the present one replaces."""

    line: Transition
    missed: datetime | None = None


class Outbox:
    """Builds deliveries for agencies."""

    def __init__(
        self, agencies: Mapping[str, Agency], portals: Mapping[str, str], clock: Clock, new_id: NewId
    ) -> None:
        """``portals``: client id of a portal → agency that takes its state reports."""
        self._agencies = agencies
        self._portals = portals
        self._clock = clock
        self._new_id = new_id

    def step(
        self, case: Case, send: Send, supplement: bytes | None = None, reason: str | None = None
    ) -> Delivery:
        """The delivery for one `Send`. ``supplement`` is the citizen's SupplementRequest. Raises `MappingError`."""
        step = case.dossier.step(send.step)
        agency = self._agencies[step.agency]
        operation = agency.operation_for(_OPERATION[send.kind], step.id)
        key = f"{case.dossier.code}:{step.id}:{_SHORT[send.kind]}{send.version}"
        source = self._source(case, send, step, key, supplement, reason)
        mapping = case.rules.step(step.id).mapping if send.kind is DeliveryKind.STEP else None
        payload = agency.payload(operation, source, local_day(case.dossier.received_at), mapping)
        return self.make(
            lane=f"{case.dossier.code}:{step.agency}",
            agency=step.agency,
            kind=send.kind,
            operation=operation,
            key=key,
            payload=payload,
            dossier_id=case.dossier.id,
            step=step.id,
            context=context(case),
            items=((case.dossier.id, step.id),),
        )

    def states(self, case: Case, news: Sequence[News]) -> tuple[list[Delivery], list[tuple[Transition, str]]]:
        """Reports of this news to the portal that the dossier came from, in their order.

        And those that cannot be said in the portal's form, with the reason: that must not stop the dossier itself.
        """
        deliveries: list[Delivery] = []
        unsaid: list[tuple[Transition, str]] = []
        portal = self._portals.get(case.dossier.sender)
        for item in news if portal is not None else ():
            try:
                deliveries.append(self._state(case, self._agencies[portal or ""], item))
            except MappingError as error:
                unsaid.append((item.line, str(error)))
        return deliveries, unsaid

    def poll(self, agency: Agency, cases: Sequence[tuple[Case, Step]]) -> Delivery:
        """One question about several dossiers' steps. Raises `MappingError`."""
        key = f"poll:{self._new_id()[:20]}"
        document = build.step_query([_query(case, step, step_key(case, step)) for case, step in cases])
        return self.make(
            lane=key,
            agency=agency.id,
            kind=DeliveryKind.POLL,
            operation="poll",
            key=key,
            payload=agency.payload("poll", document, local_day(self._clock())),
            items=tuple((case.dossier.id, step.id) for case, step in cases),
            context={"purpose": "poll"} | ({"dossier": cases[0][0].dossier.code} if len(cases) == 1 else {}),
        )

    def listing(self, agency: Agency, run: str, begin: datetime, until: datetime, page: int) -> Delivery:
        """The question for one page of what ``agency`` took in between two moments. Raises `MappingError`."""
        document = build.list_query(begin, until, page)
        return self.make(
            lane=f"list:{run}",
            agency=agency.id,
            kind=DeliveryKind.LIST,
            operation="list",
            key=f"list:{run}:{page}",
            payload=agency.payload("list", document, local_day(self._clock())),
            context={
                "purpose": "reconciliation",
                "run": run,
                "from": begin.isoformat(),
                "until": until.isoformat(),
                "page": str(page),
            },
        )

    def question(self, case: Case, delivery: Delivery) -> Delivery | None:
        """The question whether the agency already has ``delivery``; None if it can't be asked."""
        agency = self._agencies[delivery.agency]
        if delivery.kind is not DeliveryKind.STEP or delivery.step is None or not agency.offers("ask"):
            return None
        step = case.dossier.step(delivery.step)
        document = build.step_query([_query(case, step, delivery.key)])
        payload = agency.payload("ask", document, local_day(self._clock()))
        return dataclasses.replace(delivery, operation="ask", payload=payload)

    def lookup(
        self, agency: Agency, operation: str, query: bytes, *, key: str, lane: str, values: Mapping[str, str]
    ) -> Delivery:
        """A look-up of a citizen. ``values``: number, officer, unit, purpose, and what the answer is for.

        Raises `Unattributed` if nobody or nothing stands behind it.
        """
        Attribution.of(values)
        return self.make(
            lane=lane,
            agency=agency.id,
            kind=DeliveryKind.LOOKUP,
            operation=operation,
            key=key,
            payload=agency.payload(operation, query, local_day(self._clock())),
            context=values,
            dossier_id=values.get("dossier_id"),
        )

    def _source(
        self, case: Case, send: Send, step: Step, key: str, supplement: bytes | None, reason: str | None
    ) -> bytes:
        head = build.Head(
            dossier_code=case.dossier.code,
            codes=case.codes,
            step=step.id,
            procedure=case.rules.procedure,
            key=key,
            received_at=case.dossier.received_at,
            due=step.due,
        )
        if send.kind is DeliveryKind.STEP:
            return build.step(
                case.engine.process.step_document, head, case.dossier.declaration, _basis(case, step.id)
            )
        if send.kind is DeliveryKind.SUPPLEMENT:
            replaced = edit.replaced_by(case.dossier.declaration, supplement) if supplement else []
            return build.step_supplement(head, step.agency_code, supplement, replaced)
        if send.kind is DeliveryKind.CORRECTION:
            now = _basis(case, step.id)
            assert send.before is not None, "a result was corrected"
            assert now is not None, "it is there"
            return build.step_correction(head, step.agency_code, changes(send.before, now), now)
        return build.step_withdrawal(head, step.agency_code, reason or _DEFAULT_REASON)

    def _state(self, case: Case, portal: Agency, news: News) -> Delivery:
        line = news.line
        key = self.fresh_key(case, line.step)
        document = self.state_document(case, news, key)
        return self.make(
            lane=f"{case.dossier.code}:{portal.id}:{line.step}",
            agency=portal.id,
            kind=DeliveryKind.STATE,
            operation="state",
            key=key,
            payload=portal.payload("state", document, local_day(line.recorded_at)),
            dossier_id=case.dossier.id,
            step=line.step,
            context=context(case),
        )

    def state_document(self, case: Case, news: News, key: str) -> bytes:
        """The StateReport of one piece of news."""
        line = news.line
        step = next((step for step in case.dossier.steps if step.id == line.step), None)
        due = step.due if step is not None else case.dossier.due
        return build.state_report(
            case.dossier.code,
            codes=case.codes,
            procedure=case.rules.procedure,
            agency=step.agency if step else "lienthong",
            key=key,
            transition=line,
            step=step,
            supplement_due=_supplement_due(case.dossier, step, line),
            appointments=(news.missed, due) if news.missed is not None and due is not None else None,
        )

    def fresh_key(self, case: Case, about: str) -> str:
        """The key of a message that is made once, when its cause is committed."""
        return f"{case.dossier.code}:{about}:{self._new_id()[:12]}"

    def now(self) -> datetime:
        """The present time, as deliveries carry it."""
        return self._clock()

    def make(
        self,
        *,
        lane: str,
        agency: str,
        kind: DeliveryKind,
        operation: str,
        key: str,
        payload: bytes,
        context: Mapping[str, str],
        dossier_id: str | None = None,
        step: str | None = None,
        items: tuple[tuple[str, str], ...] = (),
    ) -> Delivery:
        """A new delivery that may leave at once, behind the others of its ``lane``."""
        now = self._clock()
        return Delivery(
            id=self._new_id(),
            lane=lane,
            seq=0,
            agency=agency,
            kind=kind,
            operation=operation,
            key=key,
            payload=payload,
            created_at=now,
            next_at=now,
            dossier_id=dossier_id,
            step=step,
            context=context,
            items=items,
        )


def _supplement_due(dossier: Dossier, step: Step | None, transition: Transition) -> datetime | None:
    """Until when the citizen may answer: a step has a date of its own, an asking dossier is due then."""
    if step is not None:
        return step.supplement_due
    return dossier.due if transition.state is StepState.SUPPLEMENT else None


_SHORT = {
    DeliveryKind.STEP: "",
    DeliveryKind.SUPPLEMENT: "s",
    DeliveryKind.WITHDRAWAL: "w",
    DeliveryKind.CORRECTION: "c",
}


def _query(case: Case, step: Step, key: str) -> build.Query:
    """The question about one step; ``key``: of the message that is asked about."""
    return build.Query(case.dossier.code, step.agency_code, key, case.rules.procedure, *office(case, step))


def step_key(case: Case, step: Step) -> str:
    """Idempotency key of a step's submission: the same on every attempt, and what the agency is asked about."""
    return f"{case.dossier.code}:{step.id}:1"


def context(case: Case) -> dict[str, str]:
    """What travels beside every payload of a dossier."""
    return {
        "dossier": case.dossier.code,
        "officer": case.dossier.officer,
        "unit": case.dossier.unit,
        "purpose": case.rules.procedure,
    }


def office(case: Case, step: Step) -> tuple[str, str]:
    """Province and commune of the unit that has to act on a step."""
    return build.office(parse(case.dossier.declaration), case.rules.step(step.id).office)


def _basis(case: Case, step_id: str) -> bytes | None:
    """The result on which a step is built: that of the step which it comes after; None for a first step."""
    before = case.rules.step(step_id).after
    return next((step.result for step in case.dossier.steps if step.id in before), None)
