"""What is wrong with single fields of a message, apart from what is wrong with its structure.

Agencies treat the two differently: a missing or misplaced element is a fault, a value outside its facets
is a data error that goes back to the officer with the field's name.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from lxml import etree
from xmlschema.validators import (
    XMLSchemaValidationError,
    XsdEnumerationFacets,
    XsdLengthFacet,
    XsdMaxLengthFacet,
    XsdMinLengthFacet,
)

from sandbox.core.places import commune
from sandbox.core.schema import Schema
from sandbox.core.xml import copy_of, local_name, text

WORDING = {
    "length": "có độ dài vượt quá số lượng cho phép",
    "list": "không tồn tại giá trị trong danh mục",
    "format": "có định dạng không đúng",
    "missing": "không được để trống",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is not acceptable.

    ``kind`` is ``length``, ``list``, ``format`` or ``missing``, which have a wording of their own, or another
    word (``content``, ``state``): then ``reason`` is the whole sentence.
    """

    kind: str
    field: str
    reason: str = ""

    @property
    def sentence(self) -> str:
        """The observed Vietnamese wording, with the field's name in it."""
        if self.kind not in WORDING:
            return self.reason
        return f"{self.field} {WORDING[self.kind]}" + (f" ({self.reason})" if self.reason else "")


class StructureSchema(Schema):
    """A schema whose `errors` are only those of structure; `field_errors` has the others."""

    def errors(self, element: etree._Element, *, as_element: str | None = None) -> list[str]:
        """Missing, misplaced and unknown elements and attributes."""
        found = self._all(element, as_element)
        return [f"{error.path}: {error.reason}" for error in found if not _is_value(error)]

    def field_errors(self, element: etree._Element, *, as_element: str | None = None) -> list[FieldError]:
        """Values outside their facets, in document order."""
        return [_field_error(error) for error in self._all(element, as_element) if _is_value(error)]

    def _all(self, element: etree._Element, as_element: str | None) -> Iterator[XMLSchemaValidationError]:
        document = copy_of(element)
        if as_element is not None:
            document.tag = as_element
        return iter(self._schema.iter_errors(document))


@cache
def structure_schema(path: Path) -> StructureSchema:
    """The compiled schema of a file; compiled once per process because it takes hundreds of milliseconds."""
    return StructureSchema(path.resolve())


def not_composed(root: etree._Element) -> list[FieldError]:
    """Texts that are not in Unicode normalisation form C: a decomposed name is another name to a register."""
    return [
        FieldError("format", local_name(item), "phải dùng Unicode dựng sẵn (NFC)")
        for item in root.iter(etree.Element)
        if not unicodedata.is_normalized("NFC", item.text or "")
    ]


def wrong_place(field: str, province: str, commune_code: str) -> list[FieldError]:
    """A commune that does not exist, or that lies in another province."""
    place = commune(commune_code)
    if place is None:
        return [FieldError("list", field, f"mã xã {commune_code}")]
    if province and place.province != province:
        return [FieldError("content", field, f"{field}: xã {commune_code} không thuộc tỉnh {province}")]
    return []


def wrong_file(field: str, digest: str, content: str) -> list[FieldError]:
    """An attached file that is not base64 or whose SHA-256 is another than said; it may be absent."""
    if not content:
        return []
    try:
        data = b64decode(content, validate=True)
    except (Base64Error, ValueError):
        return [FieldError("format", field, "không phải base64")]
    if sha256(data).hexdigest() == digest:
        return []
    return [FieldError("content", field, f"{field} không khớp mã băm")]


def missing(root: etree._Element, names: Iterable[str]) -> list[FieldError]:
    """Those of the named children that are absent or empty."""
    return [FieldError("missing", name) for name in names if not text(root, name)]


def _is_value(error: XMLSchemaValidationError) -> bool:
    """Whether the error is about the text of a leaf or attribute, not about which of them there are."""
    return isinstance(error.obj, str)


def _field_error(error: XMLSchemaValidationError) -> FieldError:
    attribute = re.match(r"attribute ([^=]+)=", error.reason or "")
    leaf = local_name(error.elem) if isinstance(error.elem, etree._Element) else str(error.path)
    name = attribute[1] if attribute else leaf
    if not error.obj:
        return FieldError("missing", name)
    if isinstance(error.validator, XsdMaxLengthFacet | XsdMinLengthFacet | XsdLengthFacet):
        return FieldError("length", name)
    return FieldError("list" if isinstance(error.validator, XsdEnumerationFacets) else "format", name)
