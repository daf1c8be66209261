"""Dated code tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from broker.mapping.codes import AmbiguousCode, CodeTable, Row, UnknownCode, load
from broker.mapping.errors import MappingFault

REFORM = date(2025, 7, 1)
EVE = date(2025, 6, 30)
GIA_LAI = CodeTable(
    "provinces",
    "provinces.yaml",
    "",
    "test",
    (Row("64", "Gia Lai", end=EVE), Row("52", "Bình Định", end=EVE), Row("52", "Gia Lai", start=REFORM)),
)


def test_meaning_depends_on_the_day() -> None:
    """52 meant another province before 1 July 2025, and 64 means none since."""
    assert GIA_LAI.lookup("52", EVE) == "Bình Định"
    assert GIA_LAI.lookup("52", REFORM) == "Gia Lai"
    with pytest.raises(UnknownCode):
        GIA_LAI.lookup("64", REFORM)


def test_reverse_is_dated_too() -> None:
    """Read backwards, the day decides as well."""
    assert GIA_LAI.lookup("Gia Lai", EVE, reverse=True) == "64"
    assert GIA_LAI.lookup("Gia Lai", REFORM, reverse=True) == "52"


def test_ambiguous_reverse_must_be_settled() -> None:
    """Two sources of one target are refused until the table says which."""
    rows = (Row("differs", "0"), Row("unknown", "0"))
    with pytest.raises(UnknownCode, match="ambiguous"):
        CodeTable("t", "t", "", "x", rows).lookup("0", EVE, reverse=True)
    assert CodeTable("t", "t", "", "x", rows, {"0": "unknown"}).lookup("0", EVE, reverse=True) == "unknown"


def test_missing_looks_at_every_day() -> None:
    """A code is total over an interval only if every day has exactly one row."""
    assert GIA_LAI.missing(["52"], date(2020, 1, 1), date(2030, 1, 1)) == []
    assert GIA_LAI.missing(["64", "52"], EVE, REFORM) == ["64"]
    gap = CodeTable("t", "t", "", "x", (Row("1", "a", end=EVE), Row("1", "b", start=date(2025, 7, 2))))
    assert gap.missing(["1"], EVE, date(2025, 7, 2)) == ["1"]
    assert GIA_LAI.missing(["Gia Lai"], EVE, REFORM, reverse=True) == []


def test_a_row_with_candidates_is_never_guessed(tmp_path: Path) -> None:
    """Several candidates raise, naming them all; such a row does not make the table total."""
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + "rows:\n  - {from: Xá, to: [b, a]}\n  - {from: Cil, to: c}\n", encoding="utf-8")
    table = load(path, tmp_path)
    with pytest.raises(AmbiguousCode, match="ambiguous: a, b") as caught:
        table.lookup("Xá", EVE)
    assert caught.value.candidates == ("a", "b")
    assert table.lookup("a", EVE, reverse=True) == "Xá"
    assert table.ambiguous(None, EVE, REFORM) == table.missing(["Xá", "Cil"], EVE, REFORM) == ["Xá"]
    assert table.ambiguous(["Cil"], EVE, REFORM) == table.ambiguous(None, EVE, REFORM, reverse=True) == []


def test_ambiguity_has_its_days() -> None:
    """A target of two rows is ambiguous backwards on the days that both have, unless it is settled."""
    rows = (Row("a", "1", end=EVE), Row("b", "1", start=REFORM), Row("c", "1", start=date(2026, 1, 1)))
    table = CodeTable("t", "t", "", "x", rows)
    assert table.ambiguous(None, EVE, date(2025, 12, 31), reverse=True) == []
    assert table.ambiguous(None, EVE, date(2026, 1, 1), reverse=True) == ["1"]
    assert CodeTable("t", "t", "", "x", rows, {"1": "c"}).ambiguous(None, EVE, date.max, reverse=True) == []


def test_rows_of_another_table(tmp_path: Path) -> None:
    """A list that two agencies share is written once; each table keeps its own name and source."""
    (tmp_path / "one.yaml").write_text("table: one\nbasis: law\nrows: [{from: a, to: b}]\n", encoding="utf-8")
    two = tmp_path / "two.yaml"
    two.write_text("table: two\nbasis: circular\nrows_of: one\n", encoding="utf-8")
    assert (load(two, tmp_path).lookup("a", EVE), load(two, tmp_path).basis) == ("b", "circular")
    (tmp_path / "one.yaml").write_text("table: one\nrows: []\n", encoding="utf-8")
    with pytest.raises(MappingFault, match="basis: is missing"):
        load(two, tmp_path)


HEAD = "table: t\nbasis: test\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("table: other\nbasis: b\nrows: []\n", "must be 't'"),
        ("table: t\nrows: []\n", "basis: is missing"),
        (HEAD, "rows: are missing"),
        (HEAD + "rows: [{from: a}]\n", "needs from and to"),
        (HEAD + "rows: [{from: a, to: b, x: 1}]\n", "x: is not a key of a row"),
        (HEAD + "rows: [{from: a, to: b}, {from: a, to: c}]\n", "overlaps the row of line 3"),
        (HEAD + "rows: [{from: a, to: b, valid_from: 2025-02-30}]\n", "does not exist"),
        (
            HEAD + "rows: [{from: a, to: b, valid_from: 2025-02-02, valid_until: 2025-01-01}]\n",
            "ends before it begins",
        ),
        (HEAD + "rows: [{from: a, to: b}]\nreverse: {b: z}\n", "settles a pair that no row has"),
        (HEAD + "provider: nobody\n", "provider: is not known"),
        (HEAD + "rows_of: t\n", "names no other code table"),
        (HEAD + "rows: [{from: a, to: []}]\n", "needs from and to"),
        (HEAD + "rows: []\nextra: 1\n", "extra: is not a key"),
    ],
)
def test_faults_of_the_file(tmp_path: Path, text: str, told: str) -> None:
    """Each fault is told with its line."""
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingFault) as caught:
        load(path, tmp_path)
    assert told in str(caught.value)


def test_provider(tmp_path: Path) -> None:
    """A table may be taken from a public data set."""
    path = tmp_path / "communes.yaml"
    path.write_text("table: communes\nbasis: public\nprovider: commune-names\n", encoding="utf-8")
    assert load(path, tmp_path).lookup("00070", REFORM) == "Phường Hoàn Kiếm"


def test_tables_of_the_repository_load() -> None:
    """Every code table of the repository is well formed."""
    project = Path(__file__).parents[3]
    tables = [load(path, project) for path in sorted((project / "mappings" / "codes").glob("*.yaml"))]
    assert len(tables) > 10
