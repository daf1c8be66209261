"""Consents that a step waits for: the lump-sum survivor allowance, which needs every relative's word."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from broker.calendar import WorkingCalendar
from broker.model import DeliveryKind, Dossier, DossierState, Phase, StepState
from broker.process import commands as c
from broker.process.apply import apply
from broker.process.engine import Engine
from broker.process.parent import derive
from broker.process.rules import Process, first_steps
from tests.broker.process.births import NOW, report

S = StepState
PROCESS = Process.model_validate(
    {
        "process": "death",
        "name": {"vi": "Khai tử", "en": "Death"},
        "document": "DeathDeclaration",
        "step_document": "DeathStep",
        "rule_sets": [
            {
                "id": "only",
                "from": "2024-07-01",
                "basis": "-",
                "form": "-",
                "procedures": ["2.002913"],
                "total": "10 working days",
                "total_verified": "12 working days",
                "steps": [
                    {
                        "id": name,
                        "name": {"vi": name, "en": name},
                        "agency": agency,
                        "mapping": "none",
                        "office": "Choices/Office",
                        "deadline": "2 working days",
                        **more,
                    }
                    for name, agency, more in (
                        ("registration", "hotich", {}),
                        ("removal", "cutru", {"after": ["registration"]}),
                        (
                            "allowance",
                            "bhxh",
                            {
                                "after": ["registration"],
                                "consents": {
                                    "of": "Survivors/Relative",
                                    "when": {"field": "Survivors/Kind", "values": ["lump-sum"]},
                                    "days": 30,
                                    "remind_days": 10,
                                },
                            },
                        ),
                    )
                ],
            }
        ],
    }
)
ENGINE = Engine(PROCESS, PROCESS.rule_set("only"), WorkingCalendar(), {})
RESULT = b'<DeathRegistration xmlns="urn:lienthong:1.0"><Number>1</Number></DeathRegistration>'


def declaration(*consents: str | None, kind: str = "lump-sum") -> bytes:
    """A declaration with one relative for each word, or None for silence."""
    relatives = "".join(
        f"<Relative><Name>Lê {name}</Name>"
        f"<PersonalNumber>00109000000{number}</PersonalNumber>"
        + (f"<Consent>{word}</Consent>" if word else "")
        + "</Relative>"
        for number, (name, word) in enumerate(zip(("An", "Bình", "Chi"), consents, strict=False))
    )
    return (
        f'<DeathDeclaration xmlns="urn:lienthong:1.0"><Survivors><Kind>{kind}</Kind>{relatives}</Survivors>'
        "</DeathDeclaration>"
    ).encode()


def registered(*consents: str | None, kind: str = "lump-sum") -> tuple[Dossier, tuple[c.Command, ...]]:
    """The dossier once civil status has registered the death, and what followed from that."""
    dossier = Dossier(
        id="d1",
        code="G22.99.08-260907-000001",
        process="death",
        rule_set="only",
        sender="dvcqg",
        received_at=NOW,
        phase=Phase.OPEN,
        declaration=declaration(*consents, kind=kind),
        officer="CB01",
        unit="26734",
        steps=first_steps(ENGINE.rules.steps, NOW),
    )
    dossier = apply(dossier, ENGINE.open_steps(dossier, NOW))
    said = ENGINE.on_report(dossier, "registration", report(S.COMPLETED, result=RESULT), NOW, "hotich")
    return apply(dossier, said), said


def sent(commands: tuple[c.Command, ...]) -> list[str]:
    """Steps that are sent."""
    return [one.step for one in commands if isinstance(one, c.Send) and one.kind is DeliveryKind.STEP]


def test_it_waits_for_whom_is_shown_without_numbers() -> None:
    """The other steps go; this one names the relatives who have said nothing, and until when."""
    dossier, commands = registered("given-vneid", "pending", None)
    assert sent(commands) == ["removal"]
    step = dossier.step("allowance")
    assert (step.state, step.reason) == (S.PLANNED, "Chờ ý kiến đồng ý của: Lê Bình, Lê Chi")
    assert step.supplement_due is not None
    assert not ENGINE.open_steps(dossier, NOW)


def test_it_goes_when_the_last_one_agrees() -> None:
    """By VNeID or on paper."""
    dossier, _ = registered("given-vneid", "pending")
    part = dataclasses.replace(dossier, declaration=declaration("given-vneid", "given-paper"))
    commands = ENGINE.open_steps(part, NOW + timedelta(days=1))
    assert sent(commands) == ["allowance"]
    assert apply(part, commands).step("allowance").supplement_due is None


def test_fewer_are_named_as_they_agree() -> None:
    """The last day stays where it was."""
    dossier, _ = registered(None, None, None)
    until = dossier.step("allowance").supplement_due
    fewer = dataclasses.replace(dossier, declaration=declaration("given-vneid", None, "given-paper"))
    step = apply(fewer, ENGINE.open_steps(fewer, NOW + timedelta(days=3))).step("allowance")
    assert (step.reason, step.supplement_due) == ("Chờ ý kiến đồng ý của: Lê Bình", until)


@pytest.mark.parametrize("consents", [("given-paper", "given-vneid"), ()])
def test_all_have_agreed_already(consents: tuple[str, ...]) -> None:
    """Nothing to wait for."""
    assert sent(registered(*consents)[1]) == ["removal", "allowance"]


def test_a_monthly_allowance_needs_nobody() -> None:
    """Only the lump sum does."""
    assert sent(registered(None, None, kind="monthly")[1]) == ["removal", "allowance"]


def test_one_refusal_ends_this_step_and_no_other() -> None:
    """The reason is kept; the removal goes on, the dossier ends partly completed."""
    dossier, _ = registered("given-vneid", None)
    refused = dataclasses.replace(dossier, declaration=declaration("given-vneid", "refused"))
    ended = apply(refused, ENGINE.open_steps(refused, NOW))
    assert ended.step("allowance").state is S.CANCELLED
    assert "Lê Bình" in (ended.step("allowance").reason or "")
    done = apply(ended, ENGINE.on_report(ended, "removal", report(S.COMPLETED), NOW, "cutru"))
    assert derive(done.phase, done.steps) is DossierState.PARTIAL


def test_silence_is_reminded_of_and_ends_on_the_last_day() -> None:
    """A person looks after ten working days; after thirty the step ends."""
    dossier, _ = registered(None)
    step = dossier.step("allowance")
    assert step.alarm_at is not None
    assert step.supplement_due is not None
    reminded = ENGINE.on_tick(dossier, step.alarm_at + timedelta(hours=1))
    assert [one.step for one in reminded if isinstance(one, c.Stalled)] == ["allowance"]
    ended = ENGINE.on_tick(dossier, step.supplement_due + timedelta(seconds=1))
    assert [one.step for one in ended if isinstance(one, c.Cancel)] == ["allowance"]
    assert apply(dossier, ended).step("allowance").supplement_due is None
