"""The deaths of the demo: what families ask for, and what agencies do with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from lienthong.demo.case import Case, rule
from lienthong.demo.death import (
    Account,
    Death,
    Funeral,
    Insurance,
    LeftHousehold,
    Merit,
    Notice,
    Relative,
    Survivors,
)
from lienthong.demo.families import Families, mail_address, other_tone, typed
from lienthong.demo.parts import Parent
from sandbox.bhxh.insured import Insured, insurance_number
from sandbox.dancu.population import Couple

_INSURED = {"1": "pensioner", "2": "reserved", "4": "mixed"}


def deaths(families: Families) -> list[Case]:
    """The deaths, from the plain ones to those with trouble."""
    return [*_chosen(families), *_homes(families), *_supported(families), *_troubles(families)]


def careless(families: Families) -> Death:
    """What a family in a hurry writes before anybody has looked at it: to be reviewed, not handed in."""
    plain = _buried(_death(families), "protection", "emergency", "insurance")
    elsewhere = dataclasses.replace(plain.registration, commune="99999")
    return dataclasses.replace(plain, residence=elsewhere, household=None)


def _death(families: Families, couple: Couple | None = None, **changes: Any) -> Death:
    """The wife of an old couple died; her widower, the head of the household, declares it."""
    couple = couple or families.old_couple()
    deceased, widower = typed(couple.wife), typed(couple.husband)
    home = deceased.residence
    plain = Death(
        deceased=deceased,
        sex=couple.wife.sex,
        died=families.died.isoformat(),
        time="04:30",
        death_place=home,
        cause="Tuổi cao, bệnh tim mạch",
        registration=home,
        applicant=widower,
        relation="spouse",
        notice=Notice(f"{deceased.number[-3:]}/GBT-TYT", families.died, "Trạm Y tế"),
        residence=home,
        household=LeftHousehold(widower.full_name, widower.number, "spouse", home),
        email=mail_address(widower),
    )
    return dataclasses.replace(plain, **changes)


# ------------------------------------------------------------------ what can be asked for


def _funeral(death: Death) -> Funeral:
    """The funeral of which the applicant bears the cost."""
    held_on = date.fromisoformat(death.died) + timedelta(days=1)
    return Funeral(
        held_on, death.registration, death.applicant, death.relation, account=_account(death.applicant)
    )


def _account(person: Parent) -> Account:
    return Account(person.full_name, f"0{person.number[-10:]}", "Ngân hàng Thử nghiệm")


def _insured(death: Death, case: str) -> Death:
    """Insured in a case of decision 1449/QĐ-BHXH; case 1 has a pension."""
    person = Insured(insurance_number(death.deceased.number, case))
    pension = (person.pension_file, death.registration) if person.pension_file else None
    return dataclasses.replace(death, insurance=Insurance(person.number, _INSURED[case], pension))


def _buried(death: Death, *kinds: str) -> Death:
    """Funeral support of these kinds is wanted."""
    offices: dict[str, Any] = {f"{kind}_funeral": death.registration for kind in kinds}
    return dataclasses.replace(death, funeral=_funeral(death), **offices)


def _of_merit(death: Death) -> Death:
    merit = Merit("Thương binh", "1234/QĐ-UBND", date(1998, 7, 27), "Sở Nội vụ", 65)
    return dataclasses.replace(_buried(death, "merit"), merit=merit)


def _survived(families: Families, death: Death, kind: str = "lump-sum", last: str = "given-vneid") -> Death:
    """The widower and a brother of the deceased; ``last``: what the brother says to the lump sum."""
    widower, brother = death.applicant, typed(families.old_couple().husband)
    relatives = [Relative(widower, "spouse"), Relative(brother, "sibling", last)]
    survivors = Survivors(kind, widower, relatives, _account(widower))
    return dataclasses.replace(death, survivor=widower.residence, survivors=survivors)


# ------------------------------------------------------------------ the cases


def _chosen(families: Families) -> Iterator[Case]:
    """How many procedures a family chooses."""
    yield Case("removal of residence only", _death(families))
    alone = _insured(_death(families, residence=None, household=None), "2")
    yield Case("two procedures", _buried(alone, "insurance"))
    yield Case("three procedures", _buried(_insured(_death(families), "4"), "insurance"))
    four = _buried(_insured(_death(families), "2"), "insurance")
    yield Case("four procedures, all relatives agree", _survived(families, four))
    waiting = _survived(families, _insured(_death(families), "2"), last="pending")
    assert waiting.survivors is not None
    brother = waiting.survivors.relatives[-1].person.number
    yield Case("a relative agrees later", waiting, agreeing=(brother,))


def _homes(families: Families) -> Iterator[Case]:
    """Where and how people died."""
    yield Case("died at home, no paper", _death(families, notice=None))
    yield Case("lived alone", _alone(families))
    late = families.today - timedelta(days=400)
    notice = Notice("12/GBT-TYT", late, "Trạm Y tế")
    yield Case(
        "registered late", _death(families, died=late.isoformat(), registration_kind="4", notice=notice)
    )
    yield _at_hospital(families)
    yield _misspelt(families)


def _alone(families: Families) -> Death:
    """The last member of a household: it is closed."""
    citizen, applicant = families.alone(), typed(families.couple().husband)
    deceased = typed(citizen)
    home = deceased.residence
    return _death(
        families,
        deceased=deceased,
        sex=citizen.sex,
        death_place=home,
        registration=home,
        applicant=applicant,
        relation="relative",
        residence=home,
        household=LeftHousehold(deceased.full_name, deceased.number, "head", home, only_member=True),
        email=mail_address(applicant),
    )


def _at_hospital(families: Families) -> Case:
    """The hospital has handed its notice over; the family mistypes the day, is asked, and corrects it."""
    couple = families.old_couple()
    plain = _death(families, couple)
    person, home = couple.wife, couple.wife.residence
    tags = {
        "HO_TEN": person.name.full,
        "NGAY_SINH": person.birth.replace("-", ""),
        "GIOI_TINH": person.sex,
        "SO_GIAYTO": person.number,
        "MA_DANTOC": person.ethnicity,
        "DCHI_THUONGTRU": home.detail or "-",
        "MATINH_THUONGTRU": home.province,
        "MAXA_THUONGTRU": home.commune,
        "NGAY_TV": f"{families.died:%Y%m%d}0430",
    }
    mistyped = (families.died - timedelta(days=1)).isoformat()
    return Case(
        "day differs from the hospital's notice",
        dataclasses.replace(plain, died=mistyped),
        corrections=(("Deceased/DeathDate", families.died.isoformat()),),
        issued=tags,
    )


def _misspelt(families: Families) -> Case:
    plain = _death(families)
    wrong = dataclasses.replace(plain.deceased, given=other_tone(plain.deceased.given))
    correction = ("Deceased/Name/Given", plain.deceased.given)
    return Case(
        "name differs by a diacritic", dataclasses.replace(plain, deceased=wrong), corrections=(correction,)
    )


def _supported(families: Families) -> Iterator[Case]:
    """Who is entitled to what."""
    yield Case("pensioner", _buried(_insured(_death(families), "1"), "insurance"))
    yield Case("merit and social insurance", _of_merit(_buried(_insured(_death(families), "2"), "insurance")))
    yield Case("social protection", _buried(_death(families), "protection"))
    yield Case("emergency", _buried(_death(families), "emergency"))
    both = _buried(_death(families), "protection", "emergency")
    yield Case("protection and emergency together", both, ends="refused")
    foreign = ("Choices/ForeignElement", "true")
    yield Case("foreign element", _death(families), ends="refused", written=foreign)


def _troubles(families: Families) -> Iterator[Case]:
    """What agencies do."""
    refused = _buried(_death(families), "protection")
    refusal = {"outcome": "reject", "reason": "Không thuộc đối tượng bảo trợ xã hội"}
    yield Case(
        "funeral support refused",
        refused,
        ends="partially-completed",
        rules=(rule("btxh", "decision", refused.deceased.number, refusal),),
    )
    asked = _buried(_death(families), "protection")
    question = {"outcome": "supplement", "reason": "Thiếu tờ khai mai táng phí"}
    yield Case(
        "funeral support asks for a paper",
        asked,
        rules=(rule("btxh", "decision", asked.deceased.number, question),),
        paper="funeral-form",
    )
    lost = _buried(_death(families), "emergency")
    fault = {"kind": "accept-then-drop"}
    yield Case(
        "answer of social protection lost",
        lost,
        rules=(rule("btxh", "fault", lost.deceased.number, fault),),
    )
    before = families.died.replace(day=1) - timedelta(days=1)
    yield Case(
        "day of death corrected in the register",
        _insured(_death(families), "1"),
        rectified={f"nktNgayChet/{part}Chet": f"{before:{form}}" for part, form in _DAY.items()},
    )


_DAY = {"ngay": "%d", "thang": "%m", "nam": "%Y"}
