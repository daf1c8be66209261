"""The proof, put to the test: any valid source document gives a valid output that can be read back, or is refused by
a declared check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree

from broker.mapping import MappingError
from broker.mapping.collection import load_all
from broker.mapping.draw import Taste, documents, text
from broker.mapping.mapping import Mapping
from broker.mapping.rules import Blob, Read, Translate, walk
from broker.mapping.schema import Field
from broker.mapping.values import allows
from tests.mappings.inverse import losses

PROJECT = Path(__file__).parents[2]
MAPPINGS = list(load_all(PROJECT))
PARAMETERS: dict[str, str] = {}


FILE = b"synthetic"
STORE = {hashlib.sha256(FILE).hexdigest(): FILE}


def likely(mapping: Mapping) -> Callable[[Field], st.SearchStrategy[str] | None]:
    """Prefers source values that get through: codes of the tables, what the target takes, files that are stored."""
    chosen: dict[Field, st.SearchStrategy[str]] = {}
    for block in mapping.block.blocks():
        for part in walk(block.value) if block.value is not None else ():
            match part:
                case Translate(Read(ref), table, reverse, _):
                    chosen[ref.field] = st.sampled_from(
                        sorted({row.target if reverse else row.source for row in table.rows})
                    )
                case Blob(Read(ref)):
                    chosen[ref.field] = st.sampled_from(sorted(STORE))
                case Read(ref) if part is block.value:
                    chosen.setdefault(ref.field, text(block.target, Taste(tame=True)))
    return lambda field: chosen[field].filter(partial(allows, field.space or ())) if field in chosen else None


@pytest.mark.parametrize("mapping", MAPPINGS, ids=[mapping.name for mapping in MAPPINGS])
def test_valid_in_valid_out_or_refused_as_declared(mapping: Mapping) -> None:
    """Never an invalid output, another exception, or a refusal that the static proof did not announce; and whatever
    the output carries leads back to what the document says.
    """
    schema = etree.XMLSchema(file=str(mapping.header.source.schema))
    target = etree.XMLSchema(file=str(mapping.header.target.schema))
    tastes = st.sampled_from([Taste(), Taste(tame=True, choose=likely(mapping))])
    day = max(mapping.header.start, date(2026, 3, 2))

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        document = data.draw(documents(mapping.header.source.root, data.draw(tastes)).filter(schema.validate))
        try:
            output = mapping.transform(document, on=day, params=PARAMETERS, blobs=STORE.__getitem__)
        except MappingError as error:
            undeclared = [problem for problem in error.problems if problem.check not in mapping.checks]
            assert undeclared == [], etree.tostring(document, encoding="unicode")
        else:
            assert target.validate(output)
            assert losses(mapping, document, output, day) == []

    run()
