"""The golden outputs, judged by the stand-in agencies: rules that no schema says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from sandbox.bhxh.checks import form_errors as bhxh_errors
from sandbox.btxh.checks import request_errors as btxh_errors
from sandbox.cancuoc.checks import request_errors as cancuoc_errors
from sandbox.core.fields import FieldError, structure_schema
from sandbox.cutru.checks import form_errors as cutru_errors
from sandbox.hotich.checks import dossier_errors as hotich_errors

FOLDER = Path(__file__).parents[2] / "mappings"
Judge = Callable[[etree._Element, date], Sequence[FieldError]]


def bhxh_form_errors(document: etree._Element, today: date) -> Sequence[FieldError]:
    """Social insurance looks at the form inside the envelope."""
    return bhxh_errors(document[0], today)


def btxh_request_errors(document: etree._Element, today: date) -> Sequence[FieldError]:
    """Social protection also opens the document inside the document."""
    return btxh_errors(document, structure_schema(FOLDER.parent / "xsd/btxh/1.0/extentdata.xsd"), today)


JUDGES: dict[str, Judge] = {
    "death-to-btxh": btxh_request_errors,
    "birth-to-hotich": hotich_errors,
    "birth-to-cutru": cutru_errors,
    "birth-to-bhxh": bhxh_form_errors,
    "birth-to-cancuoc": cancuoc_errors,
}
OUTPUTS = [(name, path) for name in JUDGES for path in sorted((FOLDER / name / "cases").glob("*.out.xml"))]


@pytest.mark.parametrize(("name", "path"), OUTPUTS, ids=[f"{name}/{path.stem}" for name, path in OUTPUTS])
def test_agency_accepts(name: str, path: Path) -> None:
    """The agency finds nothing wrong with what the mapping writes."""
    document = etree.parse(str(path)).getroot()  # noqa: TID251 (a golden file of ours)
    assert [error.sentence for error in JUDGES[name](document, date(2026, 12, 31))] == []
