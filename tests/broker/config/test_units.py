"""The table of provinces as a file."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from broker.config.units import ProvinceTable

LAO_CAI = {"code": "15", "name": "Lào Cai", "from": "2025-07-01"}


def test_rows_become_a_look_up() -> None:
    """Days bound a meaning."""
    rows = [{"code": "15", "name": "Yên Bái", "until": "2025-06-30", "into": "15"}, LAO_CAI]
    units = ProvinceTable.model_validate({"provinces": rows}).units()
    before = units.province("15", date(2025, 6, 30))
    assert before is not None
    assert before.name == "Yên Bái"
    assert units.today(before).name == "Lào Cai"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"code": "15", "name": "Yên Bái"}, "code 15 means both"),
        ({"code": "10", "name": "Lào Cai", "until": "2025-06-30", "into": "16"}, "went into 16"),
        ({"code": "1", "name": "Hà Nội"}, "should match pattern"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(row: dict[str, str], says: str) -> None:
    """Two meanings on a day, a merger into nowhere, a code without its zero."""
    with pytest.raises(ValidationError, match=says):
        ProvinceTable.model_validate({"provinces": [LAO_CAI, row]})
