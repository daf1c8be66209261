from __future__ import annotations

import pytest

from broker.canonical.schemas import Schemas
from broker.web.examples import DOCUMENTS
from tests.broker.web.fakes import NOW


@pytest.mark.parametrize("root", DOCUMENTS)
def test_examples_are_valid(schemas: Schemas, root: str) -> None:
    """What we show to others passes every check that we apply to them."""
    assert schemas.validate(DOCUMENTS[root].encode(), root, received=NOW) == []
