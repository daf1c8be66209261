"""The target side of rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from broker.mapping import load
from broker.mapping.mapping import Prepared

FILES = {"File/@kind": "unused", "File/Title": "unused", "File/Hash": "unused", "File/Tag": "unused"}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"hoTne": "Code"}, "Did you mean hoTen?"),
        ({"me/tuoi": "Code", "me": None}, "me/tuoi: is not in the target"),
        ({"me/ten": "Code"}, "is written twice"),
        ({"me": "Code"}, "holds elements, not text"),
        ({"me": "{from: Mother, map: {ten: Name/Given}, colour: red}"}, "colour is not a key of a group"),
        ({"goi": "{xml: {schema: target.xsd, element: hoSo}, upper: true}"}, "upper does not go with xml"),
        ({"goi": "{xml: {schema: absent.xsd, element: hoSo}}"}, "there is no absent.xsd"),
    ],
)
def test_faults(check: Callable[..., Prepared], rules: dict[str, str], told: str) -> None:
    """Targets must exist and be written once."""
    assert told in "\n".join(str(finding) for finding in check(rules).findings)


def test_map_is_required(check: Callable[..., Prepared], write: Callable[..., Path], project: Path) -> None:
    """A mapping without rules is told so."""
    path = write()
    path.write_text(path.read_text(encoding="utf-8").split("map:")[0], encoding="utf-8")
    from broker.mapping import prepare

    assert "map: is missing" in "\n".join(str(finding) for finding in prepare(path, project).findings)


def test_paths_make_the_elements_between(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes]
) -> None:
    """An element on the way is written if anything inside is."""
    rules = {"me": None, "me/ten": "Mother/Name/Given", "me/dienThoai": "Mother/Phone"}
    mapping = load(write(rules), project)
    day = date(2026, 3, 1)
    assert mapping.transform(document(), on=day).find("me") is None
    mother = "<Mother><Name><Given>Hoa</Given></Name></Mother>"
    assert mapping.transform(document(Mother=mother), on=day).findtext("me/ten") == "Hoa"


def test_list_of_rules_writes_several(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes]
) -> None:
    """A repeated target may be written by several rules, in their order."""
    rule = "[{map: {'@loai': {const: a}, ten: Name/Given}}, {map: {'@loai': {const: b}, ten: Code}}]"
    output = load(write({"tep": rule}, FILES), project).transform(document(), on=date(2026, 3, 1))
    assert [element.get("loai") for element in output.findall("tep")] == ["a", "b"]


def test_position_and_outer_fields_inside_a_loop(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes]
) -> None:
    """Inside a loop, the number of the item and fields of the document are at hand."""
    label = "nhan: {each: Tag, value: /Code, refuse: true}"
    rule = f"{{each: File, map: {{'@loai': {{position: true}}, ten: /Name/Given, {label}}}}}"
    mapping = load(write({"tep": rule}, FILES), project)
    file = f'<File kind="1"><Title>t</Title><Hash>{"0" * 64}</Hash><Tag>x</Tag></File>'
    output = mapping.transform(document(File=file * 2), on=date(2026, 3, 1))
    assert [element.get("loai") for element in output.findall("tep")] == ["1", "2"]
    assert output.findtext("tep/ten") == "An"
    assert output.findtext("tep/nhan") == "A1234"


def test_filtered_loop_below_an_implied_element(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes]
) -> None:
    """Items can be chosen by a condition; none chosen, nothing written."""
    rule = "{each: File, when: {equals: {'@kind': '2'}}, map: {'@loai': '@kind', ten: Title}}"
    drops = {"File/Hash": "unused", "File/Tag": "unused"}
    mapping = load(write({"tep": rule}, drops), project)
    file = f'<File kind="{{}}"><Title>t</Title><Hash>{"0" * 64}</Hash></File>'
    output = mapping.transform(document(File=file.format(1) + file.format(2)), on=date(2026, 3, 1))
    assert [element.get("loai") for element in output.findall("tep")] == ["2"]
