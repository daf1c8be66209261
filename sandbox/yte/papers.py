"""What a facility writes on a certificate: every tag in its order, with plain values where nothing else is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import xmlschema
from lxml import etree

from sandbox.core.readable import local
from sandbox.core.xml import add

ROOTS = {"birth": ("HSDLGCS", "GIAYCHUNGSINH", "61"), "death": ("HSDLGBT", "GIAYBAOTU", "60")}
"""Kind → root, signed element, loaiHs."""
NO_INSURANCE = "0000000000"


def document(kind: str, schema: Path, values: Mapping[str, str], identifier: str) -> etree._Element:
    """The unsigned document with the given tags in the schema's order. Raises ValueError for an unknown tag."""
    root_name, body_name, _ = ROOTS[kind]
    names = _tags(schema, root_name, body_name)
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise ValueError(f"{body_name} has no {', '.join(unknown)}")
    root = etree.Element(root_name)
    body = add(root, body_name)
    body.set("Id", identifier)
    for name in names:
        if values.get(name):
            add(body, name, values[name])
    add(root, "CHUKYDONVI")
    return root


def birth(code: str, facility: str, now: datetime) -> dict[str, str]:
    """Tags of a birth without anything special about it; whoever gave birth is yet to be named."""
    return {
        "MA_GCS": code,
        "MACSKCB": facility,
        "MA_BHXH_NND": NO_INSURANCE,
        "MA_DANTOC_NND": "01",
        "MA_QUOCTICH_NND": "VNM",
        "LOAI_GIAYTO_NND": "1",
        "SO_CON": "1",
        "LAN_SINH": "1",
        "SO_CON_SONG": "1",
        "CAN_NANG_CON": "3200",
        "NOI_SINH_CON": f"Cơ sở {facility}",
        "TINH_TRANG_CON": "Khỏe mạnh",
        "SINHCON_PHAUTHUAT": "0",
        "SINHCON_DUOI32TUAN": "0",
        "NGUOI_DO_DE": "Lê Thị Hoa",
        "NGUOI_GHI_PHIEU": "Phạm Thị Mai",
        "MA_TTDV": "0100112345",
        "THU_TRUONG_DVI": "Nguyễn Văn Minh",
        "NGAY_CT": local(now, "%Y%m%d"),
        "SO": code[:5],
        "QUYEN_SO": "01",
        "CAP_LAN_DAU": "1",
    }


def death(code: str, facility: str, now: datetime) -> dict[str, str]:
    """Tags of a death without anything special about it; who died is yet to be named."""
    return {
        "MA_GBT": code,
        "MACSKCB": facility,
        "DIACHI_CSKCB": f"Cơ sở {facility}",
        "MA_DANTOC": "01",
        "MA_QUOCTICH": "VNM",
        "LOAI_GIAYTO": "4",
        "MA_BHXH": NO_INSURANCE,
        "NGUYENNHAN_TV": "Bệnh tim mạch",
        "NGUOI_GHIGIAY": "Phạm Thị Mai",
        "TTRUONG_DVI": "Nguyễn Văn Minh",
        "SO_BAOTU": f"{code[:5]}/GBT",
        "QUYEN_SO": "01",
        "NGAY_CAPGIAYBT": local(now, "%Y%m%d"),
    }


@cache
def _tags(schema: Path, root: str, body: str) -> tuple[str, ...]:
    found = xmlschema.XMLSchema10(str(schema)).elements[root].find(body)
    assert found is not None
    return tuple(str(child.name) for child in found.iterchildren())
