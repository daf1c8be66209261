"""Fills what a health facility certified into a draft, found by the code on the paper.

Codes run in sequence and can be guessed. A portal's officer answers for the look-up; a citizen sees a certificate only
if it is about them, or if their draft says already whom it is about.
"""

from __future__ import annotations

from broker.canonical import document as documents
from broker.canonical.document import text_at
from broker.canonical.explain import named
from broker.canonical.plan import Element, Node
from broker.declaring.declarant import Declarant
from broker.declaring.prefill import Groups, filled
from broker.errors import Invalid
from broker.fetching import prefill
from broker.model import Problem
from broker.store.certificates import Certificate

NOT_FOUND = (
    "Không tìm thấy giấy chứng sinh, giấy báo tử có mã này, hoặc cơ sở y tế chưa trả lời; đề nghị kê khai tiếp. "
    "(No such certificate was found, or nobody answers now: please go on.)"
)
_DECLARED = {"birth": "BirthDeclaration", "death": "DeathDeclaration"}
_PEOPLE = {
    "birth": {
        "Mother/PersonalNumber": "Mother/PersonalNumber",
        "Father/PersonalNumber": "Father/PersonalNumber",
    },
    "death": {"Deceased/PersonalNumber": "Deceased/PersonalNumber"},
}
"""Kind → where the certificate names somebody → where the declaration names the same person."""


def certified(
    declaration: Node, plan: Element, certificate: Certificate | None, who: Declarant, *, overwrite: bool
) -> tuple[str, ...]:
    """Fill in place what ``certificate`` says; what was done, in words for the citizen.

    Raises `Invalid` for a certificate of another event than the declaration's.
    """
    if certificate is None or not _opens(certificate, declaration, who):
        return (NOT_FOUND,)
    if _DECLARED[certificate.kind] != plan.name:
        vi = "Mã này không phải của loại giấy mà tờ khai cần."
        raise Invalid([Problem("Certificate", vi, "The code belongs to a paper of another kind of event.")])
    values = prefill(certificate)
    return filled(declaration, plan, _groups(certificate, plan), values[0].source, overwrite=overwrite)


def _opens(certificate: Certificate, declaration: Node, who: Declarant) -> bool:
    if who.citizen is None:
        return True
    facts = documents.read(certificate.document)
    return any(
        number in (who.citizen.number, text_at(declaration, declared))
        for path, declared in _PEOPLE[certificate.kind].items()
        if (number := text_at(facts, path)) is not None
    )


def _groups(certificate: Certificate, plan: Element) -> Groups:
    """Field by field; the parts of a name belong together, and one that is not certified is empty."""
    groups: dict[str, dict[str, str]] = {}
    for value in prefill(certificate):
        block, _, part = value.path.rpartition("/Name/")
        whole = f"{block}/Name" if part in ("Family", "Middle", "Given") else value.path
        empty = dict.fromkeys((f"{whole}/{one}" for one in ("Family", "Middle", "Given")), "")
        group = groups.setdefault(named(plan, whole).vi, empty if whole != value.path else {})
        group[value.path] = value.text
    return groups
