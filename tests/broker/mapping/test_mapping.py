"""Loading and running a whole mapping."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from broker.mapping import MappingError, MappingFault, load

DAY = date(2026, 3, 1)
Document = Callable[..., bytes]
Write = Callable[..., Path]


def test_demo_mapping_has_no_findings(check: Callable[..., object]) -> None:
    """The mapping that all other tests damage passes every check."""
    assert [str(finding) for finding in check().findings] == []


def test_run_writes_the_target_document(write: Write, project: Path, document: Document) -> None:
    """Elements come in schema order, with the target's names, values converted."""
    output = load(write(), project).run(document(), on=DAY)
    root = etree.fromstring(output)  # noqa: TID251 (our own output)
    told = {child.tag: child.text for child in root}
    assert root.tag == "{urn:target}hoSo"
    assert root.get("phienBan") == "1"
    assert told == {
        "ma": "A1234",
        "hoTen": "NGUYỄN THỊ AN",
        "gioiTinh": "Nữ",
        "ngay": "01/08/2025",
        "namSinh": "1978",
        "diem": "7",
        "soDinhDanh": "001078000001",
        "ghiChu": "ghi chú",
    }


def test_run_repeats_groups_and_expands_files(write: Write, project: Path, document: Document) -> None:
    """Nested repetition on both sides; a file stands in the source by its hash and in the target as base64."""
    data = "Việt Nam".encode()
    digest = hashlib.sha256(data).hexdigest()
    file = f'<File kind="1"><Title>một</Title><Hash>{digest}</Hash><Tag>a</Tag><Tag>b</Tag></File>'
    other = f'<File kind="2"><Title>hai</Title><Hash>{digest}</Hash></File>'
    output = load(write(), project).run(document(File=file + other), on=DAY, blobs={digest: data}.__getitem__)
    root = etree.fromstring(output)  # noqa: TID251 (our own output)
    assert root.xpath("tep/@loai") == ["1", "2"]
    assert root.xpath("tep[1]/nhan/text()") == ["a", "b"]
    assert root.xpath("string(tep[2]/duLieu)") == "Vmnhu4d0IE5hbQ=="


def test_a_missing_file_is_refused(write: Write, project: Path, document: Document) -> None:
    """A hash without a file names the field, in Vietnamese and in English."""
    file = f'<File kind="1"><Title>một</Title><Hash>{"0" * 64}</Hash></File>'
    with pytest.raises(MappingError) as caught:
        load(write(), project).run(document(File=file), on=DAY, blobs={}.__getitem__)
    (problem,) = caught.value.problems
    assert (problem.path, problem.field, problem.check) == ("tep/duLieu", "File/Hash", "tep/duLieu#blob")
    assert "không tìm thấy tệp" in problem.message_vi


def test_too_many_items_are_refused(write: Write, project: Path, document: Document) -> None:
    """A waived cardinality is a declared check: the document is refused, nothing leaves."""
    tags = "".join(f"<Tag>t{n}</Tag>" for n in range(6))
    file = f'<File kind="1"><Title>một</Title><Hash>{"0" * 64}</Hash>{tags}</File>'
    mapping = load(write({"tep": "{each: File, map: {'@loai': '@kind', ten: Title, nhan: {each: Tag, refuse: true}}}"},
                         {"File/Hash": "test"}), project)  # fmt: skip
    with pytest.raises(MappingError) as caught:
        mapping.run(document(File=file), on=DAY)
    assert [problem.check for problem in caught.value.problems] == ["tep/nhan#count"]


def test_every_problem_is_told(write: Write, project: Path, document: Document) -> None:
    """Two faults of one document are told together."""
    rules = {"ngan": "{from: Mother/Phone, refuse: true}", "me": None}
    mapping = load(write(rules, {"Mother/Name/Given": "test"}), project)
    mother = f"<Mother><Name><Given>Hoa</Given></Name><Phone>{'9' * 20}</Phone></Mother>"
    with pytest.raises(MappingError) as caught:
        mapping.run(document(Mother=mother, Born="1990-02-31"), on=DAY)
    assert {problem.check for problem in caught.value.problems} == {"ngan#value", "namSinh#date"}


def test_a_message_does_not_repeat_the_value(write: Write, project: Path, document: Document) -> None:
    """Problems name the field and what is wrong with it, never the citizen's value."""
    mapping = load(
        write({"ngan": "{from: Mother/Phone, refuse: true}", "me": None}, {"Mother/Name/Given": "test"}),
        project,
    )
    mother = "<Mother><Name><Given>Hoa</Given></Name><Phone>0912345678901</Phone></Mother>"
    with pytest.raises(MappingError) as caught:
        mapping.run(document(Mother=mother), on=DAY)
    assert "0912345678901" not in str(caught.value)
    assert "13 > 10" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "on", "params", "told"),
    [
        (b"<Person", DAY, {}, "not acceptable XML"),
        (b"<Other/>", DAY, {}, "must be Person"),
        (b'<Person xmlns="urn:source"/>', date(2024, 1, 1), {}, "not in force"),
        (b'<Person xmlns="urn:source"/>', DAY, {"x": "1"}, "not declared"),
    ],
)
def test_run_refuses_what_it_cannot_try(
    write: Write, project: Path, data: bytes, on: date, params: dict[str, str], told: str
) -> None:
    """Wrong document, wrong day, wrong parameter: told before anything is transformed."""
    with pytest.raises(MappingError, match=told):
        load(write(), project).run(data, on=on, params=params)


def test_parameters_are_typed(write: Write, project: Path, document: Document) -> None:
    """A parameter has a type; a value outside is refused, a good one arrives whatever quotes it has."""
    more = "tables: [sex]\nparams: {clerk: 'target.xsd#Long'}\n"
    mapping = load(write({"ngan": None, "ghiChu": "{param: clerk}"}, {"Note": "test"}, more=more), project)
    output = mapping.run(document(), on=DAY, params={"clerk": 'O\'Hà "x"'})
    assert etree.fromstring(output).findtext("ghiChu") == 'O\'Hà "x"'  # noqa: TID251 (our own output)
    with pytest.raises(MappingError, match="not of its type"):
        mapping.run(document(), on=DAY, params={"clerk": "x" * 101})
    with pytest.raises(MappingError, match="missing"):
        mapping.run(document(), on=DAY)


def test_load_refuses_a_faulty_mapping(write: Write, project: Path) -> None:
    """A mapping with an error cannot be loaded, and says all that is wrong."""
    with pytest.raises(MappingFault) as caught:
        load(write({"ma": "Nope", "diem": "Nope2"}), project)
    assert len([f for f in caught.value.findings if "the source has no" in f.message]) == 2


def test_load_takes_the_folder(write: Write, project: Path) -> None:
    """The folder of a mapping stands for its mapping.yaml."""
    assert load(write().parent, project).name == "demo"


def test_threads_do_not_mix(write: Write, project: Path, document: Document) -> None:
    """Many threads on one mapping each get their own output and their own problems."""
    mapping = load(write(), project)
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(30):
            code = f"B{number}{turn:03d}"[:5]
            output = mapping.run(document(Code=code), on=DAY)
            if code.encode() not in output:
                wrong.append(code)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
