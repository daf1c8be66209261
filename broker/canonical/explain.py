"""Everything that is wrong with a document, each thing at its field, in sentences for people.

A validator stops looking inside an element at the first child that it did not expect; this walk does not. The
verdict stays libxml2's: `schemas` asks here only what to say.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter

from lxml import etree

from broker.canonical.document import DECLARATIONS
from broker.canonical.plan import Element, Node
from broker.canonical.words import Said, fault
from broker.model import Problem

# Groups whose own name would only lengthen a sentence: it is "tên của mẹ", not "tên của họ, chữ đệm và tên
# của mẹ".
_UNSAID_TYPES = frozenset(
    {"PersonName", "BirthChoices", "DeathChoices", "Attachments", *DECLARATIONS, "AgencyReport"}
)
MOST = 100
"""So many problems are said of one document: nobody reads more, and looking for them costs."""
_FIELD_LENGTH = 250
_HEAD = re.compile("[^;:,(]*")  # of a label such as "Head of household; never guessed"


def explain(root: Node, plan: Element) -> list[Problem]:
    """The problems of the document at ``root`` against ``plan``, in document order, up to `MOST`; empty if there
    is none.
    """
    walk = _Walk()
    walk.element(root, plan, _Trail("", Said("", "")))
    return walk.problems


def named(plan: Element, path: str) -> Said:
    """What people call the field at ``path`` below ``plan``; the path itself where the schema has no such field."""
    trail, at, owner = _Trail("", Said("", "")), plan, Said("", "")
    for step in path.split("/"):
        name, _, index = step.partition("[")
        below = next((option for slot in at.slots for option in slot.options if option.name == name), None)
        if below is None:
            return Said(path, path)
        at, owner = below, trail.owner
        trail = trail.below(below, int(index.rstrip("]") or 1))
    return _named(at, owner)


class _Trail:
    """Where the walk is: the path for machines, the owner for people."""

    __slots__ = ("owner", "path")

    def __init__(self, path: str, owner: Said) -> None:
        self.path = path
        self.owner = owner

    def to(self, plan: Element, index: int) -> str:
        """The path of a child: ``Attachments/Attachment[2]``."""
        step = f"{plan.name}[{index}]" if plan.many else plan.name
        return f"{self.path}/{step}" if self.path else step

    def below(self, plan: Element, index: int) -> _Trail:
        """The trail one step further down. Paths inside the declaration start at the declaration."""
        if plan.name in DECLARATIONS:
            return _Trail("", Said("", ""))
        if plan.type_name in _UNSAID_TYPES:
            return _Trail(self.to(plan, index), self.owner)
        return _Trail(self.to(plan, index), _named(plan, self.owner, index if plan.many else None))


def _named(plan: Element, owner: Said, index: int | None = None) -> Said:
    """A field with its owner: "số định danh cá nhân của mẹ", "personal number of the mother"."""
    vi = _lower(plan.label.vi) or plan.name
    en = _lower(_HEAD.findall(plan.label.en)[0].strip()) or plan.name
    if plan.type_name == "Attachment" and not plan.label.vi:
        vi, en = "giấy tờ đính kèm", "attachment"
    if index is not None:
        vi, en = f"{vi} thứ {index}", f"{en} no. {index}"
    return Said(f"{vi} của {owner.vi}", f"{en} of the {owner.en}") if owner.vi else Said(vi, en)


def _lower(text: str) -> str:
    """First letter in lower case, unless the word is an abbreviation such as SHA-256."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _sentence(subject: Said, said: Said) -> Said:
    vi, en = f"{subject.vi} {said.vi}.", f"{subject.en} {said.en}."
    return Said(vi[:1].upper() + vi[1:], en[:1].upper() + en[1:])


class _Walk:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @property
    def full(self) -> bool:
        """Whether enough is known."""
        return len(self.problems) >= MOST

    def say(self, path: str, said: Said) -> None:
        """Keep one problem."""
        self.problems.append(Problem(path[:_FIELD_LENGTH] or None, said.vi, said.en))

    def element(self, node: Node, plan: Element, trail: _Trail) -> None:
        """Look at one element and all below."""
        if plan.opaque:
            return
        self.attributes(node, plan, trail)
        if plan.value is not None:
            self.leaf(node, plan, trail)
        else:
            self.group(node, plan, trail)

    def leaf(self, node: Node, plan: Element, trail: _Trail) -> None:
        """A value: text alone, in composed characters, in its value space."""
        assert plan.value is not None
        if len(node):
            self.say(trail.path, _sentence(trail.owner, Said("chỉ được chứa chữ", "may contain text only")))
            return
        text = node.text or ""
        if not unicodedata.is_normalized("NFC", text):
            self.say(
                trail.path,
                _sentence(
                    trail.owner,
                    Said(
                        "phải dùng chữ tiếng Việt Unicode dựng sẵn (NFC)", "must be in composed Unicode (NFC)"
                    ),
                ),
            )
        elif (wrong := fault(plan.value, text)) is not None:
            self.say(trail.path, _sentence(trail.owner, wrong))

    def attributes(self, node: Node, plan: Element, trail: _Trail) -> None:
        """Only known attributes, the required ones, with allowed values."""
        known = {attribute.name: attribute for attribute in plan.attributes}
        for name, text in node.attrib.items():
            path = f"{trail.path}/@{etree.QName(name).localname}"
            if name not in known:
                if not str(name).startswith("{http://www.w3.org/2001/XMLSchema-instance}"):
                    self.say(
                        path,
                        Said(
                            "Thuộc tính này không có trong lược đồ; hãy bỏ đi.",
                            "This attribute is not in the schema; remove it.",
                        ),
                    )
            elif (wrong := fault(known[str(name)].value, str(text))) is not None:
                self.say(path, _sentence(Said("thuộc tính", "the attribute"), wrong))
        for name, attribute in known.items():
            if attribute.required and name not in node.attrib:
                self.say(
                    f"{trail.path}/@{name}",
                    Said("Thiếu thuộc tính bắt buộc.", "A required attribute is missing."),
                )

    def group(self, node: Node, plan: Element, trail: _Trail) -> None:
        """Children: known, in order, not too many, none missing; then each of them."""
        if (node.text or "").strip() or any((child.tail or "").strip() for child in node):
            self.say(
                trail.path,
                Said("Có chữ nằm ngoài các mục; hãy bỏ đi.", "There is text between the fields; remove it."),
            )
        seen: Counter[int] = Counter()
        of_name: Counter[str] = Counter()
        furthest = 0
        for child in node.iterchildren(etree.Element):
            if self.full:
                return
            place = plan.places.get(child.tag)
            if place is None:
                self.unknown(child, plan, trail)
                continue
            at, below = place
            seen[at] += 1
            of_name[below.name] += 1
            here = trail.below(below, of_name[below.name])
            if at < furthest:
                self.misplaced(here, below, plan.slots[furthest].options[0])
            furthest = max(furthest, at)
            self.element(child, below, here)
        self.counts(seen, plan, trail)

    def unknown(self, child: Node, plan: Element, trail: _Trail) -> None:
        """A child that the schema does not have here."""
        name = etree.QName(child)
        path = f"{trail.path}/{name.localname}" if trail.path else name.localname
        known = [option.name for slot in plan.slots for option in slot.options]
        if name.localname in known:
            vi = f"Sai không gian tên XML; phải là {plan.namespace}."
            en = f"Wrong XML namespace; it must be {plan.namespace}."
        else:
            near = difflib.get_close_matches(name.localname, known, 1)
            vi = "Mục này không có trong lược đồ." + (f" Có phải là {near[0]}?" if near else "")
            en = "This field is not in the schema." + (f" Did you mean {near[0]}?" if near else "")
        self.say(path, Said(vi, en))

    def misplaced(self, here: _Trail, plan: Element, after: Element) -> None:
        """A known child that comes too late."""
        vi = f"Mục {plan.name} đặt sai chỗ; phải đứng trước {after.name}."
        self.say(here.path, Said(vi, f"{plan.name} is out of place; it must come before {after.name}."))

    def counts(self, seen: Counter[int], plan: Element, trail: _Trail) -> None:
        """Missing and too many."""
        for at, slot in enumerate(plan.slots):
            path = trail.to(slot.options[0], 1).removesuffix("[1]")
            names = [_named(option, trail.owner) for option in slot.options]
            subject = Said(" hoặc ".join(name.vi for name in names), " or ".join(name.en for name in names))
            if seen[at] < slot.minimum:
                said = Said("là mục bắt buộc và đang để trống", "is required and missing")
                self.say(path, _sentence(subject, said))
            elif slot.maximum is not None and seen[at] > slot.maximum:
                most = slot.maximum
                said = Said(f"chỉ được khai tối đa {most} lần", f"may be given at most {most} times")
                self.say(path, _sentence(subject, said))
