"""Tells what happened to those outside a dossier: citizens by mail, clients by web hook, keepers of results.

Each notice and each copy of a result is a delivery like any other: in the outbox, retried, logged, with an owner when
it is given up. Nothing here can stop the dossier itself: what cannot be said goes to a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from broker.agency import Agency
from broker.book import Book
from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical import notice as documents_of
from broker.changes import Change, Unsaid
from broker.clock import local_day
from broker.config.notices import NoticesConfig
from broker.mapping import MappingError
from broker.model import Delivery, DeliveryKind, Dossier, Step
from broker.notices import Event, Names, of_change, of_intake, render
from broker.outbox import Case, News, Outbox, context
from broker.process.states import DONE

_EMAIL = "Applicant/Email"
_OWNER = "Applicant/PersonalNumber"


class Telling:
    """Follows changes of dossiers with notices, web hooks and copies of results."""

    def __init__(
        self,
        book: Book,
        outbox: Outbox,
        agencies: Mapping[str, Agency],
        config: NoticesConfig,
        hooks: Mapping[str, str],
    ) -> None:
        """``hooks``: client id → agency that posts to its web hook."""
        self._book = book
        self._outbox = outbox
        self._agencies = agencies
        self._config = config
        self._hooks = hooks

    def received(self, case: Case, promised: datetime) -> list[Delivery]:
        """The receipt of a new dossier, and what is asked at once."""
        return self._notices(case, of_intake(case.dossier, promised))

    def follow(self, change: Change) -> tuple[list[Delivery], list[Unsaid]]:
        """Everything that outsiders are told of a change."""
        events = of_change(change.before, change.case.dossier, change.commands, self._names(change.case))
        deliveries = self._notices(change.case, events)
        deliveries += self._states(change.case, change.news)
        copies, unsaid = self._copies(change)
        return deliveries + copies, unsaid

    # ------------------------------------------------------------------ notices

    def _names(self, case: Case) -> Names:
        process = self._book.processes[case.dossier.process]
        return Names(
            process, case.rules, {agency.id: agency.config.name for agency in self._agencies.values()}
        )

    def _notices(self, case: Case, events: Sequence[Event]) -> list[Delivery]:
        names = self._names(case)
        return [
            self._notice(case, event, names, channel, email)
            for event in events
            if event.kind in self._config.texts
            for channel, email in self._channels(case.dossier)
        ]

    def _channels(self, dossier: Dossier) -> Iterator[tuple[Agency, str | None]]:
        """Where notices of a dossier go: the mail relay with the citizen's address, the client's web hook."""
        mail = self._agencies.get(self._config.mail or "")
        email = documents.text_at(documents.as_tree(dossier.declaration), _EMAIL)
        if mail is not None and email:
            yield mail, email
        hook = self._hook(dossier)
        if hook is not None:
            yield hook, None

    def _hook(self, dossier: Dossier) -> Agency | None:
        return self._agencies.get(self._hooks.get(dossier.sender, ""))

    def _notice(self, case: Case, event: Event, names: Names, channel: Agency, email: str | None) -> Delivery:
        words = render(event, self._config, case.dossier.code, names)
        assert words is not None, "kinds without words are left out before"
        subject, paragraphs = words
        key = self._outbox.fresh_key(case, event.kind)
        document = documents_of.notice(
            case.dossier.code,
            key=key,
            kind=event.kind,
            at=self._outbox.now(),
            subject=subject,
            paragraphs=paragraphs,
            step=event.step,
            due=event.due,
            missed=event.missed,
            email=email,
        )
        return self._out(case, channel, DeliveryKind.NOTICE, "notice", key, document, event.step)

    def _states(self, case: Case, news: Sequence[News]) -> list[Delivery]:
        """Every state that a portal would be told, for the client's web hook."""
        hook = self._hook(case.dossier)
        if hook is None:
            return []
        deliveries = []
        for item in news:
            key = self._outbox.fresh_key(case, item.line.step)
            document = self._outbox.state_document(case, item, key)
            deliveries.append(
                self._out(case, hook, DeliveryKind.NOTICE, "state", key, document, item.line.step)
            )
        return deliveries

    # ------------------------------------------------------------------ copies of results

    def _copies(self, change: Change) -> tuple[list[Delivery], list[Unsaid]]:
        """Results that are new or changed, for every keeper that the rules name (T10)."""
        known = {step.id: step for step in change.before.steps}
        copies: list[Delivery] = []
        unsaid: list[Unsaid] = []
        for step in change.case.dossier.steps:
            if not _is_news(known.get(step.id), step):
                continue
            for keeper in change.case.rules.results_to:
                try:
                    copies.append(self._copy(change.case, step, self._agencies[keeper]))
                except MappingError as error:
                    unsaid.append(Unsaid(step.id, f"result of {step.id} not sent to {keeper}: {error}"))
        return copies, unsaid

    def _copy(self, case: Case, step: Step, keeper: Agency) -> Delivery:
        assert step.result is not None, "only results are copied"
        key = self._outbox.fresh_key(case, f"{step.id}:r")
        head = build.Head(
            dossier_code=case.dossier.code,
            codes=case.codes,
            step=step.id,
            procedure=case.rules.procedure,
            key=key,
            received_at=case.dossier.received_at,
        )
        document = documents_of.step_result(
            head,
            agency=step.agency,
            at=step.ended_at or self._outbox.now(),
            owner=documents.text_at(documents.as_tree(case.dossier.declaration), _OWNER),
            result=step.result,
        )
        payload = keeper.payload("result", document, local_day(self._outbox.now()))
        return self._out(case, keeper, DeliveryKind.RESULT, "result", key, payload, step.id)

    def _out(
        self,
        case: Case,
        agency: Agency,
        kind: DeliveryKind,
        operation: str,
        key: str,
        payload: bytes,
        step: str | None,
    ) -> Delivery:
        """A delivery in a lane of its own: one that is given up holds back no other."""
        return self._outbox.make(
            lane=key,
            agency=agency.id,
            kind=kind,
            operation=operation,
            key=key,
            payload=payload,
            dossier_id=case.dossier.id,
            step=step,
            context=context(case),
        )


def _is_news(old: Step | None, step: Step) -> bool:
    """Whether the step has a result that no keeper has yet."""
    if step.state not in DONE or step.result is None:
        return False
    return old is None or old.state not in DONE or old.result != step.result
