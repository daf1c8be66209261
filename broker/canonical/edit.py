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

_NOTHING_TO_REPLACE = (
    "Hồ sơ không có giấy tờ này để thay thế, hoặc giấy tờ đã được thay thế.",
    "The dossier has no such paper to replace, or it was replaced already.",
)


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
        target = created(root, path, plan)
    if target is None or len(target):
        en = "There is no such field to correct; give the path of a single field of the declaration."
        return Problem(field, "Không có mục này để sửa; hãy nêu đường dẫn của một mục trong tờ khai.", en)
    target.text = documents.text_at(correction, "Value")
    target.attrib.pop("verified", "")
    if target.get("source") is not None:
        target.set("source", "typed")
    return None


def created(root: Node, path: str, plan: Element) -> Node | None:
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
    known = {documents.text_at(attachment, "SHA256"): attachment for attachment in present}
    for attachment in more:
        earlier = known.get(documents.text_at(attachment, "Replaces"))
        if earlier is not None and earlier.find(tag("Superseded")) is None:
            etree.SubElement(earlier, tag("Superseded")).text = "true"
        if documents.text_at(attachment, "SHA256") not in known:
            present.append(copy.deepcopy(attachment))


def attached(declaration: bytes, request: Node) -> bytes:
    """The declaration with the papers of a SupplementRequest; those that they replace stay, marked as superseded.

    Raises `Invalid` for one that replaces a paper which is not there or no longer counts.
    """
    root, papers = documents.read(declaration), request.find(tag("Attachments"))
    counting = {documents.text_at(paper, "SHA256") for paper in in_force(root)}
    wrong = [
        Problem(f"Attachments/Attachment[{number}]/Replaces", *_NOTHING_TO_REPLACE)
        for number, paper in enumerate([] if papers is None else papers, 1)
        if (replaced := documents.text_at(paper, "Replaces")) is not None and replaced not in counting
    ]
    if wrong:
        raise Invalid(wrong)
    _attach(root, papers)
    return serialize(root)


def in_force(declaration: Node) -> list[Node]:
    """The papers of a declaration that no later one replaces."""
    papers = declaration.find(tag("Attachments"))
    return [paper for paper in ([] if papers is None else papers) if paper.find(tag("Superseded")) is None]


def replaced_by(declaration: bytes, request: bytes) -> list[Node]:
    """The superseded papers of the declaration that those of the SupplementRequest replace."""
    root, sent = documents.read(declaration), documents.read(request).find(tag("Attachments"))
    wanted = {documents.text_at(paper, "Replaces") for paper in ([] if sent is None else sent)}
    papers = root.find(tag("Attachments"))
    return [
        paper for paper in ([] if papers is None else papers) if documents.text_at(paper, "SHA256") in wanted
    ]


def consented(declaration: bytes, path: str, number: str, consent: str, papers: Node | None) -> bytes | None:
    """The declaration in which the relative of that personal number says ``consent``; None if there is none.

    ``path``: the repeated element that names relatives; ``papers``: Attachments that carry the consent.
    """
    root = documents.read(declaration)
    parent, _, name = path.rpartition("/")
    group = documents.find(root, parent) if parent else root
    relatives = [] if group is None else group.findall(tag(name))
    meant = [one for one in relatives if documents.text_at(one, "PersonalNumber") == number]
    for relative in meant:
        said = relative.find(tag("Consent"))
        if said is None:
            said = etree.SubElement(relative, tag("Consent"))
        said.text = consent
    _attach(root, papers)
    return serialize(root) if meant else None


def extended(old: Node, new: Node) -> tuple[Node, list[Problem]]:
    """``new`` with what the register confirmed of ``old``, and every place where it does not merely add to ``old``.

    Whoever wants further procedures hands the declaration in again: what stood there must stand there still.
    """
    result = copy.deepcopy(new)
    problems: list[Problem] = []
    _compare(old, result, "", problems)
    return result, problems


def _compare(old: Node, new: Node, path: str, problems: list[Problem]) -> None:
    if len(old) == 0 and (old.text or "").strip() != (new.text or "").strip():
        vi = "Mục này đã nộp, không thay đổi được khi chọn thêm thủ tục."
        problems.append(Problem(path, vi, "This was handed in and cannot be changed by asking for more."))
        return
    for name, value in old.attrib.items():
        new.set(name, new.get(name) or value)
    for child in old:
        place = place_of(child)
        same = new.findall(child.tag)
        at = len(list(child.itersiblings(child.tag, preceding=True)))
        where = f"{path}/{place}" if path else place
        if at < len(same):
            _compare(child, same[at], where, problems)
        else:
            vi = "Mục này đã nộp nên không được bỏ khi chọn thêm thủ tục."
            problems.append(
                Problem(where, vi, "This was handed in and cannot be left out by asking for more.")
            )


def place_of(node: Node) -> str:
    """The name of an element among its siblings, with its number if there are several."""
    name = etree.QName(node).localname
    before = len(list(node.itersiblings(node.tag, preceding=True)))
    several = before or next(node.itersiblings(node.tag), None) is not None
    return f"{name}[{before + 1}]" if several else name
