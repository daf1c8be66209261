"""Fills what somebody knows into a draft: the declarant's own data from the population database.

One look-up, attributed to whoever declares and to the procedure, logged before it leaves, and not waited for longer
than a person waits. What was typed is never replaced without being told: by default it stays, and the difference is
said; the register's value takes its place only on request.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from broker.agency import Agency
from broker.canonical.build import person_query
from broker.canonical.document import find, text_at
from broker.canonical.edit import created
from broker.canonical.plan import Element, Node
from broker.canonical.read import Person, PersonRecord, person_record
from broker.clock import NewId
from broker.declaring.meanings import leaf_at
from broker.delivery.attempt import Attempts, Broken
from broker.mapping import MappingError
from broker.mapping.textspaces import split_name
from broker.names import same_name
from broker.outbox import Outbox

Groups: TypeAlias = Mapping[str, Mapping[str, str]]
"""What belongs together and is filled together: words for it → path in the declaration → value."""

REGISTER = "population"
"""Source of a value that the register gave (common.xsd, Source)."""
ACCOUNT = "account"
"""Source of a value that the sign-in gave."""
_BLOCK = "Applicant"
_REGISTER_NAME = "Cơ sở dữ liệu quốc gia về dân cư"
AWAY = (
    f"{_REGISTER_NAME} tạm thời không trả lời; đề nghị kê khai tiếp, dữ liệu sẽ được đối chiếu khi nộp hồ sơ. "
    "(The register does not answer: please go on.)"
)
UNKNOWN = (
    f"{_REGISTER_NAME} không tìm thấy người có số định danh, họ tên và ngày sinh này; đề nghị kiểm tra lại. "
    "(The register knows no such person.)"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """About whom, on whose behalf and for what purpose."""

    number: str
    name: str
    birth_date: str
    officer: str
    unit: str
    purpose: str


class Prefill:
    """Asks the register while a person waits."""

    def __init__(
        self, register: Agency, outbox: Outbox, attempts: Attempts, new_id: NewId, seconds: float = 10.0
    ) -> None:
        """``seconds``: the longest that the person waits."""
        self._register = register
        self._outbox = outbox
        self._attempts = attempts
        self._new_id = new_id
        self._seconds = seconds

    async def record(self, asked: Asked) -> PersonRecord | None:
        """What the register holds; None if it does not answer now. Raises `broker.attribution.Unattributed`."""
        request_id = self._new_id()
        query = person_query(
            "lookup",
            request_id=request_id,
            officer=asked.officer,
            unit=asked.unit,
            purpose=asked.purpose,
            personal_number=asked.number,
            full_name=asked.name,
            birth_date=asked.birth_date,
        )
        key = f"prefill:{request_id[:20]}"
        values = {
            "number": asked.number,
            "officer": asked.officer,
            "unit": asked.unit,
            "purpose": asked.purpose,
        }
        try:
            delivery = self._outbox.lookup(self._register, "lookup", query, key=key, lane=key, values=values)
            async with asyncio.timeout(self._seconds):
                result = await self._attempts.ask(self._register, delivery)
        except (MappingError, TimeoutError):
            return None
        return None if isinstance(result, Broken) else person_record(result.document)


def filled(
    declaration: Node, plan: Element, known: Groups, source: str, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Fill what is ``known`` in place; what was filled, kept or replaced, in words for the citizen."""
    added, differs = [], []
    for words, leaves in known.items():
        current = {path: text_at(declaration, path) or "" for path in leaves}
        if not any(current.values()):
            _write(declaration, plan, leaves, source)
            added.append(words)
        elif not _equal(current, leaves):
            differs.append(words)
            if overwrite:
                _write(declaration, plan, leaves, source)
            elif source == REGISTER:
                _doubt(declaration, leaves)
    return tuple(_notices(added, differs, WHENCE[source], overwrite=overwrite))


def _notices(added: Sequence[str], differs: Sequence[str], whence: str, *, overwrite: bool) -> Iterator[str]:
    if added:
        yield f"Đã điền {whence}: {', '.join(added)}. (Filled in.)"
    if differs and overwrite:
        yield f"Đã thay giá trị đã nhập bằng dữ liệu {whence}: {', '.join(differs)}. (Replaced.)"
    elif differs:
        yield (
            f"Giá trị đã nhập khác với dữ liệu {whence} và được giữ nguyên: {', '.join(differs)}; "
            "đề nghị kiểm tra lại. (What was typed differs and stays.)"
        )


WHENCE: Mapping[str, str] = {
    REGISTER: f"từ {_REGISTER_NAME}",
    ACCOUNT: "từ tài khoản định danh điện tử",
    "birth-certificate": "từ giấy chứng sinh do cơ sở y tế gửi",
    "death-certificate": "từ giấy báo tử do cơ sở y tế gửi",
}
"""Source → where a value came from, in words."""


def of_person(person: Person) -> Groups:
    """What is known of the declarant."""
    names = {
        f"Name/{part.title()}": split_name(person.full_name, part) for part in ("family", "middle", "given")
    }
    groups = {
        "số định danh cá nhân": {"PersonalNumber": person.personal_number},
        "họ, chữ đệm và tên": names,
        "ngày, tháng, năm sinh": {"BirthDate": person.birth_date or ""},
    }
    home = person.residence
    if home is not None:
        groups["nơi thường trú"] = {
            "ResidenceKind": "permanent",
            "Residence/Country": home.country,
            "Residence/Province": home.province or "",
            "Residence/Commune": home.commune or "",
            "Residence/Detail": home.detail or "",
        }
    return {
        words: {f"{_BLOCK}/{path}": value for path, value in leaves.items()}
        for words, leaves in groups.items()
        if any(leaves.values())
    }


def _equal(current: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Whether what was typed says the same; names are compared as people read them."""
    if any(path.endswith("Name/Given") for path in known):
        return same_name(*(" ".join(part for part in one.values() if part) for one in (current, known)))
    return current == dict(known)


def _doubt(declaration: Node, leaves: Mapping[str, str]) -> None:
    """Mark the typed values that the register has otherwise; a residence has no place for a mark."""
    for path, value in leaves.items():
        leaf = find(declaration, path)
        if leaf is not None and "/Residence" not in path and leaf.text != value:
            leaf.set("verified", "differs")


def _write(declaration: Node, plan: Element, leaves: Mapping[str, str], source: str) -> None:
    for path, value in leaves.items():
        leaf = created(declaration, path, plan)
        assert leaf is not None, "the declaration has these fields"
        if not value:
            parent = leaf.getparent()
            assert parent is not None
            parent.remove(leaf)
            continue
        leaf.text = value
        leaf.attrib.pop("verified", "")
        leaf_plan = leaf_at(plan, path)
        if leaf_plan is not None and any(attribute.name == "source" for attribute in leaf_plan.attributes):
            leaf.set("source", source)
            if source == REGISTER:
                leaf.set("verified", "match")
