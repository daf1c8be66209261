"""Dossiers of the birth group under the rules of this project, for the tests of the engine."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from broker.calendar import WorkingCalendar
from broker.model import Dossier, Outcome, Phase, ReportItem, StepState
from broker.process import commands as c
from broker.process import states
from broker.process.apply import apply, transitions
from broker.process.engine import Abilities, Engine
from broker.process.rules import Process, first_steps

ROOT = Path(__file__).parents[3]
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NUMBER = "079326000123"
BIRTH = Process.model_validate(
    yaml.safe_load((ROOT / "config/processes/birth.yaml").read_text(encoding="utf-8"))
)
NOW = datetime(2026, 9, 7, 3, tzinfo=UTC)  # Monday, ten in the morning in Hanoi
ABILITIES = {
    "hotich": Abilities(poll=timedelta(minutes=5)),
    "cancuoc": Abilities(poll=timedelta(minutes=5), supplement=False, withdraw=False),
}
ENGINE = Engine(BIRTH, BIRTH.rule_set("nd301"), WorkingCalendar(), ABILITIES)


def at(text: str) -> datetime:
    """An instant of Hanoi time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def dossier(*steps: str, received: datetime = NOW) -> Dossier:
    """A dossier that passed the population check, with the steps of these ids, all planned."""
    rules = [rule for rule in ENGINE.rules.steps if rule.id in steps]
    return Dossier(
        id="d1",
        code="G22.99.08-260907-000001",
        process="birth",
        rule_set=ENGINE.rules.id,
        sender="dvcqg",
        received_at=received,
        phase=Phase.OPEN,
        declaration=b"<BirthDeclaration/>",
        officer="CB01",
        unit="26734",
        steps=first_steps(rules, received),
    )


def registration(number: str | None = NUMBER, name: str = "NGUYỄN AN", paper: str = "JVBERg==") -> bytes:
    """A registration result; without ``number`` the personal number is still to come."""
    given = f"<PersonalNumber>{number}</PersonalNumber>" if number else ""
    text = (
        f'<Registration xmlns="urn:lienthong:1.0">{given}<Number>12</Number><Book>01/2026</Book>'
        f"<RegisteredOn>2026-09-07</RegisteredOn><ChildName>{name}</ChildName><Certificate><Kind>KS</Kind>"
        f"<FileName>ks.pdf</FileName><MediaType>application/pdf</MediaType><Content>{paper}</Content>"
        "</Certificate></Registration>"
    )
    return text.encode()


def report(state: StepState | None, **more: object) -> ReportItem:
    """What an agency says, by default that it is well."""
    return dataclasses.replace(ReportItem(Outcome.OK, state=state), **more)  # type: ignore[arg-type]


def registered(number: str | None = NUMBER) -> ReportItem:
    """Civil status says that the birth is registered."""
    return report(StepState.COMPLETED, result=registration(number), personal_number=number)


class Case:
    """A dossier on its way: carries commands out, keeps the history and what the portal was told."""

    def __init__(self, *steps: str, received: datetime = NOW) -> None:
        """Open the dossier at ``received``."""
        self.now = received
        self.dossier = dossier(*steps, received=received)
        self.log: list[c.Command] = []
        self.history: list[c.Command] = []
        self.told: dict[str, list[StepState]] = {step: [] for step in steps}
        self.run(ENGINE.open_steps(self.dossier, self.now))

    def run(self, commands: tuple[c.Command, ...]) -> tuple[c.Command, ...]:
        """Carry out ``commands`` as the hub does."""
        transitions(self.dossier, commands, self.now)
        self.dossier = apply(self.dossier, commands)
        self.log += commands
        for command in commands:
            if isinstance(command, c.Move) and command.state in states.REPORTED:
                self.told[command.step].append(command.state)
        return commands

    def say(
        self, step: str, item: ReportItem, after: timedelta = timedelta(minutes=1)
    ) -> tuple[c.Command, ...]:
        """The agency reports ``item`` of ``step``, ``after`` the last event."""
        self.now += after
        return self.run(ENGINE.on_report(self.dossier, step, item, self.now, "agency", self.last(step)))

    def last(self, step: str) -> StepState | None:
        """The state of ``step`` that the portal was told last."""
        return self.told[step][-1] if self.told[step] else None

    def state(self, step: str) -> StepState:
        """Where ``step`` stands."""
        return self.dossier.step(step).state
