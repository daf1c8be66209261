"""Facts that results bring: read from the stored result documents, compared when a result comes again."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from broker.canonical.document import tag, text_at
from broker.model import Dossier, Step
from broker.process.rules import RuleSet, StepRule
from signing.xml import parse

# A paper is generated and signed anew whenever it is asked for; its bytes say nothing of a change.
_PAPER_BYTES = frozenset({tag("Content"), tag("SHA256")})
_PAPER = "Certificate"


def facts(rules: RuleSet, dossier: Dossier) -> dict[str, str]:
    """All facts that the results of ``dossier`` have brought so far."""
    known: dict[str, str] = {}
    for step in dossier.steps:
        known |= given(rules.step(step.id), step.result)
    return known


def given(rule: StepRule, result: bytes | None) -> dict[str, str]:
    """The facts in one result. Raises signing.errors.XmlRefused if it is not XML."""
    if result is None or not rule.gives:
        return {}
    root = parse(result)
    return {fact: value for fact, path in rule.gives.items() if (value := text_at(root, path))}


def missing(rule: StepRule, step: Step) -> tuple[str, ...]:
    """Facts that the step's result should bring and has not brought yet."""
    known = given(rule, step.result)
    return tuple(fact for fact in rule.gives if fact not in known)


def same(rule: StepRule, old: bytes, new: bytes) -> bool:
    """True if two results say the same, apart from facts that one lacks and from the bytes of papers."""
    late = {tag(path.rsplit("/", 1)[-1]) for path in rule.gives.values()} | _PAPER_BYTES
    return list(_leaves(parse(old), late)) == list(_leaves(parse(new), late))


def changes(old: bytes, new: bytes) -> list[tuple[str, str | None, str | None]]:
    """Path, earlier and present text of every leaf in which two results differ; papers are not looked into."""
    before, now = _by_path(parse(old)), _by_path(parse(new))
    paths = dict.fromkeys((*before, *now))
    found = ((path, before.get(path), now.get(path)) for path in paths)
    return [change for change in found if change[1] != change[2]]


def _by_path(root: etree._Element) -> dict[str, str]:
    """Path without namespaces → text of every leaf outside of papers."""
    texts: dict[str, str] = {}
    for element in root.iter(etree.Element):
        if len(element) or element is root:
            continue
        above = [*reversed(list(element.iterancestors()))][1:]
        names = [etree.QName(one).localname for one in (*above, element)]
        if _PAPER not in names:
            texts["/".join(names)] = " ".join((element.text or "").split())
    return texts


def _leaves(root: etree._Element, ignored: set[str]) -> Iterator[tuple[str, str]]:
    for element in root.iter(etree.Element):
        if len(element) == 0 and element.tag not in ignored:
            yield str(element.tag), " ".join((element.text or "").split())
