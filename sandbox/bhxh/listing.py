"""danhSach: what was taken in, asked by query, form or document, and answered in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from lxml import etree

from sandbox.bhxh import answers
from sandbox.bhxh.answers import TIME, Refusal
from sandbox.bhxh.files import check
from sandbox.core.desk import Record
from sandbox.core.fields import StructureSchema
from sandbox.core.readable import local
from sandbox.core.xml import NotXml, add, add_all, local_name, parse

NAMES = ("maGDDoiTac", "maHSLT", "maGD", "ngay", "tuThoiDiem", "denThoiDiem", "trang")
Wanted = Mapping[str, Sequence[str]]


def by_fields(given: Mapping[str, str], schema: StructureSchema) -> Wanted:
    """What query or form ask for, by `NAMES`. Raises `Refusal` for a value that is none."""
    root = etree.Element("HoiDanhSach")
    for name in NAMES:
        add_all(root, **{name[0].upper() + name[1:]: given.get(name)})
    return _read(root, schema)


def by_document(body: bytes, schema: StructureSchema) -> Wanted:
    """What a HoiDanhSach asks for, by `NAMES`. Raises `Refusal`."""
    try:
        root = parse(body)
    except NotXml as error:
        raise Refusal("1003", f"Không phải XML: {error}") from error
    return _read(root, schema)


def _read(root: etree._Element, schema: StructureSchema) -> Wanted:
    if root.tag != "HoiDanhSach" or schema.errors(root):
        raise Refusal("1003", "Cần phần tử HoiDanhSach đúng cấu trúc")
    check(schema.field_errors(root))
    wanted: dict[str, list[str]] = {}
    for item in root:
        name = local_name(item)
        wanted.setdefault(name[0].lower() + name[1:], []).append(item.text or "")
    return wanted


def page(
    records: Sequence[Record], wanted: Wanted, size: int, state: Callable[[Record], str]
) -> etree._Element:
    """One page of the records that fit, oldest first; ``state`` of a record's file is asked for those on it alone."""
    fitting = [record for record in records if all(_tests(record, wanted))]
    start = (int(wanted.get("trang", ("1",))[0]) - 1) * size
    element = answers.listing("200", "Thành công")
    for record in fitting[start : start + size]:
        row = add(element, "HoSo")
        add_all(row, MaGD=record.data["transaction"], MaGDDoiTac=record.key, MaHSLT=record.dossier)
        add_all(row, LoaiHs=record.operation, TrangThai=state(record))
        add(row, "ThoiGianTiepNhan", local(record.received, TIME))
    add(element, "ConNua", int(len(fitting) > start + size))
    return element


def _tests(record: Record, wanted: Wanted) -> Iterator[bool]:
    received = local(record.received, TIME)
    values = {
        "maGDDoiTac": record.key,
        "maHSLT": record.dossier,
        "maGD": record.data["transaction"],
        "ngay": received[:8],
    }
    for name, value in values.items():
        yield value in wanted.get(name, (value,))
    yield wanted.get("tuThoiDiem", ("",))[0] <= received
    yield received < wanted.get("denThoiDiem", ("9",))[0]
