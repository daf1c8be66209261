from __future__ import annotations

import pytest

from broker.canonical.schemas import Schemas
from tests.broker.canonical.samples import PROJECT


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    """The canonical schemas of this repository."""
    return Schemas(PROJECT)
