"""Generated stylesheets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from lxml import etree

from broker.mapping import load
from broker.mapping.compiler import XSL
from broker.mapping.report import stylesheet

Write = Callable[..., Path]


def test_mirrors_the_target(write: Write, project: Path) -> None:
    """Elements of the stylesheet stand in the order of the target schema, whatever the order of the rules."""
    tree = load(write(), project).stylesheet
    names = [
        str(element.tag) for element in tree.iter() if isinstance(element.tag, str) and XSL not in element.tag
    ]
    assert names[:4] == ["{urn:target}hoSo", "ma", "hoTen", "gioiTinh"]


def test_readable(write: Write, project: Path) -> None:
    """The stylesheet says where it comes from, and has no variable that nothing uses."""
    text = stylesheet(load(write(), project))
    assert "demo: generated from its mapping.yaml, not to be edited" in text
    assert "item1" not in text


def test_output_carries_only_the_target_namespace(
    write: Write, project: Path, document: Callable[..., bytes]
) -> None:
    """No namespace of the source or of the functions leaks into the output."""
    output = load(write(), project).run(document(), on=date(2026, 3, 1))
    assert b"urn:source" not in output
    assert b"functions" not in output


def test_no_file_is_opened(write: Write, project: Path) -> None:
    """Stylesheets run without access to files or network: there is no document() in them."""
    assert "document(" not in stylesheet(load(write(), project))


def test_computed_values_decide_once(write: Write, project: Path, document: Callable[..., bytes]) -> None:
    """A value whose emptiness must be computed goes into a variable, and an empty one is not written."""
    mapping = load(write({"ngan": "{split: Name/Given, part: middle, refuse: true}"}), project)
    assert "variable" in stylesheet(mapping)
    assert mapping.transform(document(), on=date(2026, 3, 1)).find("ngan") is None


def test_declared_need_is_enforced_where_the_type_would_pass(
    write: Write, project: Path, document: Callable[..., bytes]
) -> None:
    """A required text whose type accepts nothing is still refused if the rule says refuse."""
    target = project / "xsd" / "target.xsd"
    changed = target.read_text(encoding="utf-8").replace(
        'name="goi" type="xs:string" minOccurs="0"', 'name="goi" type="xs:string"'
    )
    target.write_text(changed, encoding="utf-8")
    mapping = load(
        write({"goi": "{from: Mother/Phone, refuse: true}", "me/ten": "Mother/Name/Given", "me": None}),
        project,
    )
    assert "f:need" in etree.tostring(mapping.stylesheet, encoding="unicode")
