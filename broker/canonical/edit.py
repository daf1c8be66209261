"""Changes of a declaration that is here already: corrections, papers that replace others, consents, additions."""

from __future__ import annotations

import copy

from lxml import etree

from broker.canonical import document as documents
from broker.canonical.document import tag
from broker.canonical.plan import Element, Node
from broker.errors import Invalid
from broker.model import Problem
from signing.xml import serialize


def corrected(declaration: bytes, request: Node, plan: Element | None = None) -> bytes:
    """The declaration with the corrections and attachments of a SupplementRequest.

    A corrected value is no longer verified. ``plan`` (of the declaration) says where a field belongs that
    was not given before; without it such a field is refused. Raises `Invalid` for a field that cannot be
    corrected.
    """
    root = documents.read(declaration)
    wrong = [
        problem
        for at, correction in enumerate(request.iterchildren(tag("Correction")), 1)
        if (problem := _correct(root, correction, plan, f"Correction[{at}]/Field")) is not None
    ]
    if wrong:
        raise Invalid(wrong)
    _attach(root, request.find(tag("Attachments")))
    return serialize(root)


def _correct(root: Node, correction: Node, plan: Element | None, field: str) -> Problem | None:
    path = documents.text_at(correction, "Field") or ""
    target = documents.find(root, path)
    if target is None and plan is not None:
        target = _created(root, path, plan)
    if target is None or len(target):
        en = "There is no such field to correct; give the path of a single field of the declaration."
        return Problem(field, "Không có mục này để sửa; hãy nêu đường dẫn của một mục trong tờ khai.", en)
    target.text = documents.text_at(correction, "Value")
    target.attrib.pop("verified", "")
    if target.get("source") is not None:
        target.set("source", "typed")
    return None


def _created(root: Node, path: str, plan: Element) -> Node | None:
    """A new leaf at ``path``, with the groups above it, each in its place; None if the schema has none
    there.
    """
    steps: list[tuple[int, Element]] = []
    for name in path.split("/"):
        place = (steps[-1][1] if steps else plan).places.get(tag(name))
        if place is None or place[1].many:
            return None
        steps.append(place)
    if not steps or steps[-1][1].value is None:
        return None
    node, parent_plan = root, plan
    for at, below in steps:
        found = node.find(below.tag)
        if found is None:
            found = etree.Element(below.tag)
            before = [child for child in node if parent_plan.places[child.tag][0] <= at]
            node.insert(len(before), found)
        node, parent_plan = found, below
    return node


def _attach(root: Node, more: Node | None) -> None:
    """Add attachments that the declaration does not have yet."""
    if more is None:
        return
    present = root.find(tag("Attachments"))
    if present is None:
        present = etree.SubElement(root, tag("Attachments"))
    known = {documents.text_at(attachment, "SHA256") for attachment in present}
    for attachment in more:
        if documents.text_at(attachment, "SHA256") not in known:
            present.append(copy.deepcopy(attachment))
