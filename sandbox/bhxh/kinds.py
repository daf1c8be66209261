"""The kinds of files that social insurance keeps: what it checks, objects to, grants and corrects in each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import date, timedelta
from typing import ClassVar, NamedTuple

from lxml import etree

from sandbox.bhxh import answers
from sandbox.bhxh.benefit import Benefit, Benefits
from sandbox.bhxh.card import Cards
from sandbox.bhxh.checks import day, death_errors, first_day, form_errors, items
from sandbox.bhxh.insured import CASES, REFERENCE_LEVEL, Insured, insured
from sandbox.core.fields import FieldError, wrong_place
from sandbox.core.xml import text

SUPPLEMENT, REFUSED = "03", "04"
LUMP_SUM = "1"
NOT_SAID, ON_PAPER, AGAINST = "0", "2", "3"
LIST_OF_RELATIVES = "09HSB"


class Objection(NamedTuple):
    """Why a file is not settled as it is: the state it gets, and the officer's words."""

    state: str
    words: str


class Kind(ABC):
    """One kind: ``code`` is its loaiHs, ``root`` and ``payload`` its tags, ``act`` ends the tags of the civil act."""

    code: ClassVar[str]
    root: ClassVar[str]
    payload: ClassVar[str]
    act: ClassVar[str] = "KT"

    @abstractmethod
    def errors(self, form: etree._Element, today: date) -> list[FieldError]:
        """What is wrong with a form that is valid for its schema: then it is not taken in."""

    @abstractmethod
    def objection(self, form: etree._Element, dossier: str, supplied: bool) -> Objection | None:
        """Why an officer does not settle it. ``supplied``: papers were handed in after the agency had asked."""

    @abstractmethod
    def settle(self, notice: etree._Element, dossier: str, form: etree._Element) -> str | None:
        """Grant it once and say so in the notice; what changed in the agency's register, None if nothing did."""

    @abstractmethod
    def correct(self, dossier: str, form: etree._Element) -> str | None:
        """Bring what was granted in line with a corrected form; what changed, None if nothing was granted yet."""

    def clash(self, dossier: str, form: etree._Element) -> str | None:
        """Why a corrected form cannot be."""
        return None


class CardKind(Kind):
    """First health-insurance card of a child."""

    code, root, payload, act = "TK1", "HSDLTK1", "TK1TS", "KS"

    def __init__(self, cards: Cards) -> None:
        """``cards`` are those issued."""
        self.cards = cards

    def errors(self, form: etree._Element, today: date) -> list[FieldError]:
        """Form TK1-TS; one child has one card."""
        found = form_errors(form, today)
        other = self.cards.of_child(text(form, "SO_DDCN"))
        if other is not None:
            found.append(FieldError("content", "SO_DDCN", f"Trẻ đã được cấp thẻ theo hồ sơ {other}"))
        return found

    def objection(self, form: etree._Element, dossier: str, supplied: bool) -> Objection | None:
        """None: what is taken in is issued."""
        return None

    def settle(self, notice: etree._Element, dossier: str, form: etree._Element) -> str | None:
        """Issue the card."""
        born = _day(form, "NGAY_SINH")
        issued, made = self.cards.issue(dossier, text(form, "SO_DDCN"), text(form, "MATINH_NHAN"), born)
        answers.say_card(notice, form, issued)
        return f"Cấp thẻ BHYT {issued.number}" if made else None

    def clash(self, dossier: str, form: etree._Element) -> str | None:
        """Another child's personal number."""
        other = self.cards.of_child(text(form, "SO_DDCN"))
        return None if other in (None, dossier) else f"Số định danh đã có thẻ theo hồ sơ {other}"

    def correct(self, dossier: str, form: etree._Element) -> str | None:
        """Personal number and birth date of the card; its name is read from the form."""
        corrected = self.cards.correct(dossier, text(form, "SO_DDCN"), _day(form, "NGAY_SINH"))
        return f"Đính chính thẻ BHYT của {text(form, 'HO_TEN')}" if corrected else None


class DeathKind(Kind):
    """What the three files of the death group have in common."""

    granted: ClassVar[str]

    def __init__(self, benefits: Benefits) -> None:
        """``benefits`` are those decided."""
        self.benefits = benefits

    def errors(self, form: etree._Element, today: date) -> list[FieldError]:
        """Days, places, the account of a transfer, the e-extract."""
        return death_errors(form, today)

    def objection(self, form: etree._Element, dossier: str, supplied: bool) -> Objection | None:
        """The deceased must be insured in that case, and nothing of the kind decided before."""
        person = insured(text(form, "MA_BHXH"))
        if person is None:
            return Objection(REFUSED, "Mã số BHXH không có trong cơ sở dữ liệu của cơ quan bảo hiểm xã hội")
        if not person.is_of(text(form, "SO_DDCN")):
            return Objection(REFUSED, "Mã số BHXH không phải của người chết")
        if person.case != text(form, "TRUONG_HOP"):
            return Objection(REFUSED, f"Không đúng trường hợp kê khai: người chết {CASES[person.case]}")
        before = self.benefits.of_deceased(self.code, person.number)
        if before is not None and before.dossier != dossier:
            return Objection(REFUSED, f"{self.granted} theo hồ sơ {before.dossier}")
        return next(self.further(form, person, supplied), None)

    def further(self, form: etree._Element, person: Insured, supplied: bool) -> Iterator[Objection]:
        """What else this kind objects to."""
        return iter(())

    @abstractmethod
    def decision(self, form: etree._Element, person: Insured) -> tuple[int | None, str | None, date | None]:
        """Amount, payee, and day from which a pension is stopped."""

    def settle(self, notice: etree._Element, dossier: str, form: etree._Element) -> str | None:
        """Decide."""
        number, name = text(form, "MA_BHXH"), text(form, "HO_TEN")
        wanted = Benefit(self.code, number, dossier, name, *self.decision(form, Insured(number)))
        benefit, made = self.benefits.decide(wanted)
        answers.say_benefit(notice, form, benefit)
        return f"{self.payload} {benefit.paper}" if made else None

    def correct(self, dossier: str, form: etree._Element) -> str | None:
        """Name of the deceased, and the day from which a pension is stopped."""
        _, _, stopped = self.decision(form, Insured(text(form, "MA_BHXH")))
        name = text(form, "HO_TEN")
        corrected = self.benefits.correct(self.code, dossier, name, stopped)
        return f"Đính chính {self.payload} của {name}" if corrected else None


class FuneralKind(DeathKind):
    """Funeral allowance: ten times the reference level, to whoever held the funeral."""

    code, root, payload = "MTP", "HSDLMTP", "MAITANGPHI"
    granted = "Đã giải quyết trợ cấp mai táng"

    def decision(self, form: etree._Element, person: Insured) -> tuple[int | None, str | None, date | None]:
        """Ten months; to the organisation, else the person."""
        return 10 * REFERENCE_LEVEL, text(form, "TO_CHUC") or text(form, "HO_TEN_NHAN"), None


class SurvivorKind(DeathKind):
    """Survivor allowance: a lump sum with everybody's consent, or monthly for those who are entitled."""

    code, root, payload = "TT", "HSDLTT", "TUTUAT"
    granted = "Đã giải quyết trợ cấp tử tuất"

    def errors(self, form: etree._Element, today: date) -> list[FieldError]:
        """And where the relatives live."""
        places = [
            error
            for one in _relatives(form)
            if text(one, "MAXA")
            for error in wrong_place("MAXA", text(one, "MATINH"), text(one, "MAXA"))
        ]
        return [*super().errors(form, today), *places]

    def further(self, form: etree._Element, person: Insured, supplied: bool) -> Iterator[Objection]:
        """A relative against the lump sum ends it; one who is silent, or a paper that is missing, is asked for."""
        if text(form, "LOAI_TROCAP") == LUMP_SUM:
            yield from _consents(form, supplied)
        elif not supplied and (unclear := _those(form, "CAN_GIAMDINH", "1")):
            yield Objection(SUPPLEMENT, f"Cần biên bản giám định mức suy giảm khả năng lao động: {unclear}")

    def decision(self, form: etree._Element, person: Insured) -> tuple[int | None, str | None, date | None]:
        """The lump sum, or half the reference level for each relative, four at most."""
        payee = text(form, "HO_TEN_NHAN")
        if text(form, "LOAI_TROCAP") == LUMP_SUM:
            return person.months * REFERENCE_LEVEL, payee, None
        return min(4, len(_relatives(form))) * REFERENCE_LEVEL // 2, payee, None


class PensionKind(DeathKind):
    """Stop of what was paid monthly to the deceased, from the month after the death."""

    code, root, payload = "DLH", "HSDLDLH", "DUNGLUONGHUU"
    granted = "Đã dừng chi trả"

    def further(self, form: etree._Element, person: Insured, supplied: bool) -> Iterator[Objection]:
        """There must be such a pension."""
        if person.pension_file != text(form, "SO_HOSO_HUONG"):
            yield Objection(REFUSED, "Không có hồ sơ hưởng hằng tháng với số này")

    def decision(self, form: etree._Element, person: Insured) -> tuple[int | None, str | None, date | None]:
        """The first day of the next month; without a month of death that of the registration counts."""
        died = text(form, "NGAY_CHET")
        known = first_day(died) if len(died) > len("2026") else _day(form, "NGAY_KT")
        assert known is not None
        return None, None, (known.replace(day=28) + timedelta(days=4)).replace(day=1)


def _consents(form: etree._Element, supplied: bool) -> Iterator[Objection]:
    if against := _those(form, "Y_KIEN", AGAINST):
        yield Objection(REFUSED, f"Thân nhân không đồng ý hưởng trợ cấp một lần: {against}")
    if supplied:
        return
    if silent := _those(form, "Y_KIEN", NOT_SAID):
        yield Objection(SUPPLEMENT, f"Chưa có ý kiến của thân nhân về trợ cấp một lần: {silent}")
    kinds = [text(item, "LOAI_GIAYTO") for item in items(form, "DS_TEP")]
    if _those(form, "Y_KIEN", ON_PAPER) and LIST_OF_RELATIVES not in kinds:
        yield Objection(SUPPLEMENT, "Thiếu Mẫu 09-HSB có chữ ký của thân nhân đồng ý bằng văn bản")


def _relatives(form: etree._Element) -> list[etree._Element]:
    return items(form, "DS_THANNHAN")


def _those(form: etree._Element, name: str, value: str) -> str:
    """Names of the relatives with that value."""
    return ", ".join(text(one, "HO_TEN") for one in _relatives(form) if text(one, name) == value)


def _day(form: etree._Element, name: str) -> date:
    found = day(text(form, name))
    assert found is not None, f"{name} was checked when the form was taken in"
    return found
