"""The proof, put to the test: any valid source document gives a valid output, or is refused by a declared check."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree

from broker.mapping import MappingError
from broker.mapping.collection import load_all
from broker.mapping.draw import documents
from broker.mapping.mapping import Mapping

PROJECT = Path(__file__).parents[2]
MAPPINGS = list(load_all(PROJECT))
PARAMETERS: dict[str, str] = {}


def no_files(digest: str) -> bytes:
    """A file store in which nothing is found."""
    raise KeyError(digest)


@pytest.mark.parametrize("mapping", MAPPINGS, ids=[mapping.name for mapping in MAPPINGS])
def test_valid_in_valid_out_or_refused_as_declared(mapping: Mapping) -> None:
    """Never an invalid output, never another exception, never a refusal that the static proof did not announce."""
    schema = etree.XMLSchema(file=str(mapping.header.source.schema))
    target = etree.XMLSchema(file=str(mapping.header.target.schema))
    day = max(mapping.header.start, date(2026, 3, 2))

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        document = data.draw(documents(mapping.header.source.root).filter(schema.validate))
        try:
            output = mapping.transform(document, on=day, params=PARAMETERS, blobs=no_files)
        except MappingError as error:
            undeclared = [problem for problem in error.problems if problem.check not in mapping.checks]
            assert undeclared == [], etree.tostring(document, encoding="unicode")
        else:
            assert target.validate(output)

    run()
