"""What simulated agencies say, as canonical documents."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from xml.sax.saxutils import escape

from bench.day import working
from bench.day.cases import Arrival, Fate
from broker.model import Outcome, StepState
from lienthong.demo.death import Death
from lienthong.demo.document import Birth
from sandbox.dancu.citizen import Citizen

# The extract goes on to social insurance, which takes nothing without it (decision 1449/QĐ-BHXH).
_EXTRACT = (
    "<Certificate><Kind>KQ.G15.000034</Kind><FileName>trich-luc-khai-tu.pdf</FileName>"
    f"<MediaType>application/pdf</MediaType><Content>{base64.b64encode(b'%PDF-1.4 synthetic').decode()}</Content>"
    "</Certificate>"
)
_SPACE = 'xmlns="urn:lienthong:1.0"'


def report(*items: bytes) -> bytes:
    """An AgencyReport."""
    return f"<AgencyReport {_SPACE}>".encode() + b"".join(items) + b"</AgencyReport>"


def item(
    key: str,
    state: StepState | None,
    *,
    at: datetime | None = None,
    outcome: Outcome = Outcome.OK,
    agency_code: str | None = None,
    reason: str | None = None,
    result: str = "",
) -> bytes:
    """One item of an AgencyReport on the submission that had ``key``."""
    code, _, step = key.partition(":")
    leaves = {
        "DossierCode": code,
        "Key": key if step else None,
        "AgencyCode": agency_code,
        "Outcome": outcome.value,
        "State": state and state.value,
        "At": at and at.isoformat(timespec="seconds"),
        "Reason": reason,
    }
    written = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in leaves.items() if text)
    return f"<Item>{written}{result}</Item>".encode()


def decision(key: str, arrival: Arrival, at: datetime) -> Iterator[tuple[datetime, bytes]]:
    """When an agency says what it decided on a step, and what else it says of it later."""
    code, step, _ = key.split(":")
    refused = {Fate.REFUSED: ("registration",), Fate.NO_RESIDENCE: ("residence", "residence-removal")}
    if step in refused.get(arrival.fate, ()):
        yield at, item(key, StepState.REJECTED, at=at, reason="Không đủ điều kiện giải quyết")
        return
    late = step == "registration" and arrival.fate is Fate.LATE_NUMBER
    result = _result(step, code, arrival.event, at.astimezone(working.HANOI).date())
    yield at, item(key, StepState.COMPLETED, at=at, result=result.format(number="" if late else _given(code)))
    if late:
        complete = result.format(number=_given(code))
        yield at + timedelta(days=3), item(key, StepState.COMPLETED, at=at, result=complete)


def record(citizen: Citizen | None, *, found: bool = False) -> bytes:
    """A PersonRecord: the citizen, or only whether what was asked is so."""
    if citizen is None:
        return f"<PersonRecord {_SPACE}><Found>{str(found).lower()}</Found></PersonRecord>".encode()
    home = citizen.residence
    return (
        f"<PersonRecord {_SPACE}><Found>true</Found><Person><PersonalNumber>{citizen.number}</PersonalNumber>"
        f"<FullName>{escape(citizen.full_name.upper())}</FullName><BirthDate>{citizen.birth}</BirthDate>"
        f"<Ethnicity>{citizen.ethnicity}</Ethnicity><Nationality>VN</Nationality><Residence><Country>VN</Country>"
        f"<Province>{home.province}</Province><Commune>{home.commune}</Commune></Residence></Person></PersonRecord>"
    ).encode()


def _result(step: str, code: str, event: Birth | Death, day: date) -> str:
    """The result of a step; a registered birth has a place for the personal number, which may come later."""
    serial, number = int(code[-6:]), _number(code)
    match step:
        case "registration" if isinstance(event, Death):
            return (
                f"<DeathRegistration><Number>{serial}</Number><Book>01/2026</Book><RegisteredOn>{day}</RegisteredOn>"
                f"<DeceasedName>{escape(event.deceased.full_name.upper())}</DeceasedName>{_EXTRACT}</DeathRegistration>"
            )
        case "registration":
            parts = event.name or () if isinstance(event, Birth) else ()
            name = " ".join(part for part in parts if part).upper()
            return (
                f"<Registration>{{number}}<Number>{serial}</Number><Book>01/2026</Book>"
                f"<RegisteredOn>{day}</RegisteredOn><ChildName>{escape(name)}</ChildName></Registration>"
            )
        case "residence":
            return (
                f"<Residence><NoticeNumber>{serial}/CT08</NoticeNumber><RegisteredOn>{day}</RegisteredOn>"
                "<Address>Thôn 1</Address></Residence>"
            )
        case "residence-removal":
            return (
                f"<ResidenceRemoval><NoticeNumber>{serial}/CT08</NoticeNumber><RemovedOn>{day}</RemovedOn>"
                "</ResidenceRemoval>"
            )
        case "card":
            return (
                f"<HealthCard><InsuranceNumber>{number[-10:]}</InsuranceNumber><ValidFrom>{day}</ValidFrom>"
                "<ValidUntil>2032-09-30</ValidUntil><Facility>01001</Facility></HealthCard>"
            )
        case "funeral-insurance" | "funeral-protection":
            return (
                f"<FuneralSupport><DecisionNumber>{serial}/QĐ</DecisionNumber><DecidedOn>{day}</DecidedOn>"
                "<Amount>10800000</Amount></FuneralSupport>"
            )
        case "pension-stop":
            stopped = f"<NoticeNumber>{serial}/TB</NoticeNumber><StoppedFrom>{day}</StoppedFrom>"
            return f"<PensionStop>{stopped}</PensionStop>"
        case _:
            return f"<IdentityCard><CardNumber>{number}</CardNumber><IssuedOn>{day}</IssuedOn></IdentityCard>"


def _given(code: str) -> str:
    return f"<PersonalNumber>{_number(code)}</PersonalNumber>"


def _number(code: str) -> str:
    """A personal number for the child of that dossier, another for each."""
    return "001326" + code[-6:]
