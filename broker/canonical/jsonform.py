"""The same documents as JSON, for callers who would rather not write XML.

The form follows from the schema: an element is a member of the same name, a repeatable one an array, numbers
and truth values are JSON's own, everything else is a string. A leaf with attributes is an object with
``value`` beside them; where all attributes are optional the string alone will do. A signature is its XML in a
string. Nothing is lost either way, and ``null`` is the same as an absent member.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import TypeAlias

from lxml import etree

from broker.canonical import document as documents
from broker.canonical.plan import NSMAP, Attribute, Element, Node
from broker.canonical.words import collapse
from broker.errors import Invalid
from broker.model import Problem
from signing.errors import XmlRefused
from signing.xml import canonicalize, serialize

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Whatever JSON can say."""

_VALUE = "value"
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")  # drafts may hold others: they stay text
_KINDS = {
    bool: ("một giá trị true/false", "a boolean"),
    int: ("một số", "a number"),
    float: ("một số", "a number"),
    str: ("một chuỗi ký tự", "a string"),
    list: ("một mảng", "an array"),
    dict: ("một đối tượng", "an object"),
}


class JsonForm:
    """Turns canonical documents into JSON and back."""

    def __init__(self, elements: Mapping[str, Element]) -> None:
        """``elements`` as `broker.canonical.schemas.Schemas` has them."""
        self.elements = elements

    def to_json(self, document: bytes | Node) -> bytes:
        """The JSON text of a schema-valid document, UTF-8. Raises KeyError for a root that is not ours."""
        root = documents.as_tree(document)
        value = to_value(root, self.elements[etree.QName(root).localname])
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def from_json(self, data: bytes, root_name: str) -> bytes:
        """The XML document that the JSON text means; it is still to be validated.

        Raises `broker.errors.Invalid`: each problem names its place by JSON Pointer (RFC 6901).
        """
        return serialize(from_value(parse_json(data), self.elements[root_name]))


def parse_json(data: bytes) -> Json:
    """The value of a JSON text (RFC 8259, UTF-8), each member once. Raises `broker.errors.Invalid`."""
    try:
        value: Json = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        where = f" ({error.lineno}:{error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        en = f"The message is not JSON text that the hub reads{where}."
        raise Invalid(
            [Problem(None, f"Thông điệp không phải là JSON mà hệ thống đọc được{where}.", en)]
        ) from error
    return value


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def to_value(node: Node, plan: Element) -> Json:
    """The JSON value of an element that is valid for ``plan``."""
    if plan.opaque:
        return canonicalize(node).decode()
    if plan.value is not None:
        return _leaf_value(node, plan)
    members: dict[str, Json] = {}
    for child in node.iterchildren(etree.Element):
        _, below = plan.places[child.tag]
        value = to_value(child, below)
        if below.many:
            same = members.setdefault(below.name, [])
            assert isinstance(same, list)
            same.append(value)
        else:
            members[below.name] = value
    return members


def _leaf_value(node: Node, plan: Element) -> Json:
    assert plan.value is not None
    text = node.text or ""
    value: Json = text if plan.value.base == "string" else collapse(text)
    if plan.value.base == "boolean":
        value = value in ("true", "1")
    elif plan.value.base == "int" and _INTEGER.fullmatch(text):
        value = int(text)
    given: dict[str, Json] = {
        attribute.name: str(node.get(attribute.name))
        for attribute in plan.attributes
        if node.get(attribute.name)
    }
    return {_VALUE: value, **given} if given else value


def from_value(value: Json, plan: Element) -> Node:
    """The element that ``value`` means. Raises `broker.errors.Invalid` with every problem."""
    builder = _Builder()
    root = etree.Element(plan.tag, nsmap=NSMAP)
    builder.fill(root, value, plan, "")
    if builder.problems:
        raise Invalid(builder.problems)
    return root


class _Builder:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @property
    def full(self) -> bool:
        """Whether a hundred problems are known: nobody reads more, and looking for them costs."""
        return len(self.problems) >= 100

    def say(self, pointer: str, vi: str, en: str) -> None:
        """Keep one problem, up to a hundred."""
        if not self.full:
            self.problems.append(Problem(pointer[:250] or None, vi, en))

    def fill(self, node: Node, value: Json, plan: Element, pointer: str) -> None:
        """Give ``node`` the content that ``value`` means."""
        if plan.opaque:
            self.signature(node, value, plan, pointer)
        elif plan.value is None:
            self.group(node, value, plan, pointer)
        elif isinstance(value, dict) and plan.attributes:
            self.leaf_with_attributes(node, value, plan, pointer)
        else:
            self.leaf(node, value, plan, pointer)

    def group(self, node: Node, value: Json, plan: Element, pointer: str) -> None:
        """Members in the order of the schema, whatever order they came in."""
        if not isinstance(value, dict):
            self.wrong_kind(pointer, dict, value)
            return
        known = [option for slot in plan.slots for option in slot.options]
        self.unknown_members(value, [option.name for option in known], pointer)
        for option in known:
            member = value.get(option.name)
            if member is None:
                continue
            here = f"{pointer}/{option.name}"
            if not option.many:
                self.fill(etree.SubElement(node, option.tag), member, option, here)
            elif not isinstance(member, list):
                self.wrong_kind(here, list, member)
            else:
                for at, item in enumerate(member):
                    self.fill(etree.SubElement(node, option.tag), item, option, f"{here}/{at}")

    def leaf_with_attributes(self, node: Node, value: dict[str, Json], plan: Element, pointer: str) -> None:
        """An object of ``value`` and attributes."""
        names = {attribute.name: attribute for attribute in plan.attributes}
        self.unknown_members(value, [_VALUE, *names], pointer)
        self.leaf(node, value.get(_VALUE), plan, f"{pointer}/{_VALUE}")
        for name, attribute in names.items():
            if value.get(name) is not None:
                self.attribute(node, attribute, value[name], f"{pointer}/{name}")

    def attribute(self, node: Node, attribute: Attribute, value: Json, pointer: str) -> None:
        """One attribute: a string."""
        if not isinstance(value, str):
            self.wrong_kind(pointer, str, value)
        elif self.writable(value, pointer):
            node.set(attribute.name, value)

    def leaf(self, node: Node, value: Json, plan: Element, pointer: str) -> None:
        """A value of the kind that the schema says."""
        assert plan.value is not None
        wanted = {"boolean": bool, "int": int}.get(plan.value.base, str)
        if type(value) is not wanted:
            self.wrong_kind(pointer, wanted, value)
        elif isinstance(value, str):
            if self.writable(value, pointer):
                node.text = value
        else:
            node.text = str(value).lower()

    def signature(self, node: Node, value: Json, plan: Element, pointer: str) -> None:
        """A signature's XML in a string: it takes the place of ``node``."""
        if not isinstance(value, str):
            self.wrong_kind(pointer, str, value)
            return
        try:
            signature = documents.read(value.encode())
        except (XmlRefused, UnicodeEncodeError):
            signature = node
        parent = node.getparent()
        if parent is None or signature is node or signature.tag != plan.tag:
            self.say(
                pointer,
                "Chữ ký phải là một phần tử ds:Signature ở dạng XML.",
                "A ds:Signature element as XML is expected.",
            )
            return
        parent.replace(node, signature)

    def writable(self, text: str, pointer: str) -> bool:
        """Whether XML can carry the text: no control characters, no lone surrogates."""
        try:
            etree.Element("x").text = text
        except (ValueError, UnicodeEncodeError):
            self.say(
                pointer, "Có ký tự không dùng được trong XML.", "There is a character that XML cannot carry."
            )
            return False
        return True

    def unknown_members(self, value: dict[str, Json], known: list[str], pointer: str) -> None:
        """Members that the schema does not have."""
        for name in value:
            if self.full:
                return
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint_vi, hint_en = (
                    (f" Có phải là {near[0]}?", f" Did you mean {near[0]}?") if near else ("", "")
                )
                escaped = name.replace("~", "~0").replace("/", "~1")
                self.say(
                    f"{pointer}/{escaped}",
                    f"Mục này không có trong lược đồ.{hint_vi}",
                    f"This member is not in the schema.{hint_en}",
                )

    def wrong_kind(self, pointer: str, wanted: type, value: Json) -> None:
        """Another JSON type than the schema's."""
        vi, en = _KINDS[wanted]
        is_vi, is_en = ("null", "null") if value is None else _KINDS[type(value)]
        self.say(pointer, f"Phải là {vi}, không phải {is_vi}.", f"This must be {en}, not {is_en}.")
