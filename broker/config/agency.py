"""One agency, config/agencies/<id>.yaml: what it offers, how it is reached, what its words mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from broker.config.base import Duration, Frozen, Name, Words
from broker.delivery.policy import RetryPolicy
from broker.model import DeliveryKind

Treat = Literal["done", "duplicate", "retry", "failed", "data-error", "unauthorized"]
Logical = Annotated[
    str,
    Field(
        pattern=r"^((submit|supplement|withdraw|correct)(-[a-z][a-z0-9-]*)?"
        r"|poll|ask|lookup|confirm|state|list|certificate|notice|result)$"
    ),
]
"""What the hub may want of an agency. The first four may name a step, where an agency has an own operation for it."""


class Period(Frozen):
    """Days from a day to a day, both included; an open end has no bound."""

    first_day: date | None = Field(default=None, alias="from")
    """First day."""
    last_day: date | None = Field(default=None, alias="until")
    """Last day."""

    def covers(self, day: date) -> bool:
        """True if ``day`` lies in it."""
        return (self.first_day is None or self.first_day <= day) and (
            self.last_day is None or day <= self.last_day
        )

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.first_day is not None and self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("ends before it begins: swap 'from' and 'until'")
        return self


class Operation(Frozen):
    """The agency's side of a logical operation."""

    operation: str
    """Name in the agency's contract."""
    request: Name | None = None
    """Mapping to its request. A submission's is named by the step in the process file."""
    reply: Name | None = None
    """Mapping from its answer to a canonical document; without one the answer is canonical already."""


class Callback(Frozen):
    """What the hub does with a message that the agency sends of its own accord."""

    report: Name
    """Mapping to a canonical AgencyReport."""
    answer: Name | None = None
    """Mapping from the canonical ReportResponse to the answer that the agency expects."""
    echo: Mapping[Name, str] = {}
    """Parameter of the answer's mapping → where its value stands in what came: local names with slashes."""


class AdapterUse(Frozen):
    """An adapter and its settings, which the adapter itself checks."""

    adapter: Name
    """Name of the adapter, see ``lienthong adapters``."""
    path: str | None = Field(default=None, pattern=r"^/[a-z0-9/-]+$")
    """Where the hub serves it, for an adapter that receives."""
    settings: Mapping[str, Any] = {}
    """Settings of the adapter."""


class Endpoint(Frozen):
    """How the agency is reached and how it reaches us."""

    send: AdapterUse | None = None
    """Adapter for what the hub sends."""
    receive: AdapterUse | None = None
    """Adapter for what the agency sends of its own accord."""


class DatedEndpoint(Endpoint, Period):
    """An endpoint that replaces the usual one between two days; what it leaves out stays as usual."""


class Polling(Frozen):
    """How the agency is asked for results."""

    every: Duration
    """Pause between two questions about one dossier."""
    chunk: int = Field(default=1, ge=1, le=50)
    """Dossiers in one question at most."""
    later: Duration | None = None
    """Pause between two questions after the result, to hear of corrections; never asked again if absent."""
    later_for: Duration = timedelta(days=30)
    """How long after the result it is asked."""


class Text(Frozen):
    """A piece of the agency's words, and what the hub takes it for."""

    contains: str = Field(min_length=3)
    """Part of the text; case does not matter."""
    treat: Treat
    """What it means."""


class Limits(Frozen):
    """What the agency can bear."""

    concurrency: int = Field(default=4, ge=1, le=256)
    """Requests at a time."""


class AgencyConfig(Frozen):
    """One organisation with an endpoint."""

    id: Name
    """Id of the agency, the name of its file."""
    name: Words
    """What people call it."""
    owner: str
    """Who is called when something with it needs a person."""
    valid: Period = Period()
    """Days on which it takes part."""
    adapters: Endpoint = Endpoint()
    """How it is reached."""
    variants: tuple[DatedEndpoint, ...] = ()
    """Other endpoints between two days, in order, such as after a move to a new platform."""
    operations: Mapping[Logical, Operation] = {}
    """What the hub may want of it → its own operation and the mappings there and back."""
    callbacks: Mapping[str, Callback] = {}
    """Its own operation → what the hub does with it."""
    poll: Polling | None = None
    """How it is asked for results; absent for an agency that calls back."""
    retry: RetryPolicy = RetryPolicy()
    """How patient the hub is."""
    retry_for: Mapping[DeliveryKind, RetryPolicy] = {}
    """The same for one kind of delivery."""
    texts: tuple[Text, ...] = ()
    """What its words mean; the first that fits counts."""
    limits: Limits = Limits()
    """What it can bear."""

    def endpoint(self, day: date) -> Endpoint:
        """How the agency is reached on ``day``."""
        for variant in self.variants:
            if variant.covers(day):
                usual = self.adapters
                return Endpoint(send=variant.send or usual.send, receive=variant.receive or usual.receive)
        return self.adapters

    def retry_policy(self, kind: DeliveryKind) -> RetryPolicy:
        """How patient the hub is with a delivery of that kind."""
        return self.retry_for.get(kind, self.retry)

    def offers(self, logical: str) -> bool:
        """True if the agency has this logical operation."""
        return logical in self.operations

    @property
    def mappings(self) -> frozenset[str]:
        """Names of all mappings that this agency's messages go through, those of its steps apart."""
        sides = [
            name for operation in self.operations.values() for name in (operation.request, operation.reply)
        ]
        sides += [name for callback in self.callbacks.values() for name in (callback.report, callback.answer)]
        return frozenset(name for name in sides if name is not None)

    @field_validator("variants")
    @classmethod
    def _apart(cls, variants: tuple[DatedEndpoint, ...]) -> tuple[DatedEndpoint, ...]:
        for older, newer in pairwise(variants):
            if older.last_day is None or newer.first_day is None or older.last_day >= newer.first_day:
                raise ValueError(
                    "two variants overlap: write them in order, each 'until' before the next 'from'"
                )
        return variants

    @model_validator(mode="after")
    def _reachable(self) -> AgencyConfig:
        if self.operations and self.adapters.send is None:
            raise ValueError("has operations but no adapter that sends: write 'adapters.send'")
        if self.callbacks and self.adapters.receive is None:
            raise ValueError("has callbacks but no adapter that receives: write 'adapters.receive'")
        if self.poll is not None and "poll" not in self.operations:
            raise ValueError("is to be polled but has no operation 'poll': write 'operations.poll'")
        return self
