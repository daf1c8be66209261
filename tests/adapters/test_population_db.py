"""population-db keeps the contract of a sender, and answers from a real SQL view without ever writing."""

from __future__ import annotations

import dataclasses
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters import errors
from adapters.base import Answer, Reply, Request, Resources
from adapters.http import HttpClient
from adapters.population_db import SPEC, PopulationDb, PopulationDbSettings
from lienthong.testing import AdapterContract, Heard, fixed_clock, numbers
from signing.xml import parse

PEOPLE = [
    ("001190000001", "Nguyễn Thị Hoà", "2", "1990-05-02", "01", "VN", "01", "00004", "Số 1", None, None),
    (
        "001078000002",
        "TRẦN VĂN BA",
        "1",
        "1978",
        "01",
        "VN",
        "01",
        "00004",
        "",
        "Trần Văn Ba",
        "001078000002",
    ),
    ("001185000003", "Lê Thị Cúc", "2", "19851231", "02", "VN", "", "", "", None, None),
    *(
        (f"0010900001{n:02d}", f"Người {n}", "1", "1990", "01", "VN", "01", "00004", "", None, None)
        for n in range(12)
    ),
]
COLUMNS = (
    "so_dinh_danh, ho_ten, gioi_tinh, ngay_sinh, dan_toc, quoc_tich, ma_tinh, ma_xa, dia_chi, chu_ho_ho_ten, "
    "chu_ho_so_dinh_danh"
)


def make_register(path: Path) -> None:
    """A database with the view."""
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE nguoi ({COLUMNS})")
    database.execute("CREATE VIEW cong_dan_view AS SELECT * FROM nguoi")
    database.executemany(f"INSERT INTO nguoi VALUES ({', '.join('?' * 11)})", PEOPLE)
    database.commit()
    database.close()


@pytest.fixture(scope="module", autouse=True)
def register() -> Iterator[Path]:
    """The register of this module."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.db"
        make_register(path)
        TestPopulationDb.secrets = {"db": f"sqlite:///{path}"}
        yield path


def query(number: str, name: str | None = None, born: str | None = None, kind: str = "lookup") -> Request:
    """A canonical query."""
    optional = f"<FullName>{name}</FullName>" if name else ""
    optional += f"<BirthDate>{born}</BirthDate>" if born else ""
    payload = (
        f'<PersonQuery xmlns="urn:lienthong:1.0"><Kind>{kind}</Kind><RequestId>r-{number}</RequestId>'
        f"<Officer>CB-07</Officer><Unit>00004</Unit><Purpose>2.002621</Purpose>"
        f"<PersonalNumber>{number}</PersonalNumber>{optional}</PersonQuery>"
    )
    return Request("PersonQuery", payload.encode(), f"key-{number}")


class TestPopulationDb(AdapterContract):
    """The promises of a sender."""

    spec = SPEC

    def settings(self, url: str) -> dict[str, Any]:
        """The documented view."""
        return {"url": "db"}

    def request(self, number: int = 0) -> Request:
        """One of twelve people."""
        return query(f"0010900001{number:02d}")

    def agency(self, heard: Heard) -> Answer:
        """Never asked: the register is a database."""
        return Answer(500, b"", "text/plain")

    def belongs(self, request: Request, reply: Reply) -> bool:
        """The record is of the person asked about."""
        asked = parse(request.payload).findtext("{*}PersonalNumber")
        return parse(reply.payload).findtext("{*}Person/{*}PersonalNumber") == asked


# ---------------------------------------------------------------------------- beyond the contract suite


def build(url: str, **changes: Any) -> PopulationDb:
    """The adapter over a database."""
    lent = Resources(
        HttpClient(clock=fixed_clock), Path("xsd"), fixed_clock, numbers(), {"db": url}.__getitem__
    )
    return PopulationDb(PopulationDbSettings.model_validate({"url": "db", **changes}), lent)


@pytest.fixture
async def people(register: Path) -> AsyncIterator[PopulationDb]:
    """The adapter over the register."""
    sender = build(f"sqlite:///{register}")
    yield sender
    await sender.close()


async def look_up(sender: PopulationDb, request: Request) -> dict[str, str]:
    """The record's leaves by local name."""
    reply = await sender.send(sender.encode(request))
    root = parse(reply.payload)
    return {str(leaf.tag).split("}")[1]: leaf.text or "" for leaf in root.iter() if not len(leaf)}


async def test_record_in_canonical_form(people: PopulationDb) -> None:
    """Column by column, the residence with its country."""
    assert await look_up(people, query("001190000001", "NGUYỄN THỊ HOÀ", "1990-05-02")) == {
        "Found": "true",
        "PersonalNumber": "001190000001",
        "FullName": "Nguyễn Thị Hoà",
        "Sex": "2",
        "BirthDate": "1990-05-02",
        "Ethnicity": "01",
        "Nationality": "VN",
        "Country": "VN",
        "Province": "01",
        "Commune": "00004",
        "Detail": "Số 1",
    }


async def test_year_of_birth_stays_a_year(people: PopulationDb) -> None:
    """1978 is not 1978-01-01."""
    assert (await look_up(people, query("001078000002", born="1978")))["BirthDate"] == "1978"


async def test_date_of_eight_digits_gets_its_hyphens(people: PopulationDb) -> None:
    """The register's own date format is read; no residence is made up."""
    record = await look_up(people, query("001185000003", born="1985-12-31"))
    assert record["BirthDate"] == "1985-12-31"
    assert "Country" not in record


@pytest.mark.parametrize(
    ("number", "name", "born", "found"),
    [
        ("001190000001", "Nguyễn Thị Hoa", None, "false"),  # one diacritic
        ("001190000001", "Nguyễn Thị Hoà", "1990-05-03", "false"),
        ("001190000001", "nguyễn  thị hoà", None, "true"),
        ("001190000001", "Nguyễn Thị Hoà", None, "true"),  # decomposed
        ("999999999999", None, None, "false"),
    ],
)
async def test_who_is_found(
    people: PopulationDb, number: str, name: str | None, born: str | None, found: str
) -> None:
    """Diacritics and dates must agree; case, spaces and Unicode form need not."""
    record = await look_up(people, query(number, name, born))
    assert record["Found"] == found
    assert ("FullName" in record) == (found == "true")


async def test_confirmation_tells_no_more_than_asked(people: PopulationDb) -> None:
    """Yes or no, without the record."""
    assert await look_up(people, query("001190000001", "Nguyễn Thị Hoà", kind="confirm")) == {"Found": "true"}


@pytest.mark.parametrize("missing", [b"<Officer>CB-07</Officer>", b"<Purpose>2.002621</Purpose>"])
async def test_unattributable_query_is_no_query(people: PopulationDb, missing: bytes) -> None:
    """Without officer or purpose nothing is looked up."""
    request = query("001190000001")
    with pytest.raises(ValueError, match="payload"):
        people.encode(dataclasses.replace(request, payload=request.payload.replace(missing, b"")))


async def test_connection_can_only_read(people: PopulationDb) -> None:
    """Even a mistake of ours could not change the register."""
    with people._engine.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM nguoi")


async def test_two_rows_for_one_number_are_malformed(tmp_path: Path) -> None:
    """A number that means two people is not looked up by picking one."""
    make_register(tmp_path / "twice.db")
    with sqlite3.connect(tmp_path / "twice.db") as database:
        database.execute("INSERT INTO nguoi SELECT * FROM nguoi")
    database.close()
    sender = build(f"sqlite:///{tmp_path}/twice.db")
    with pytest.raises(errors.Malformed, match="more than one row"):
        await sender.send(sender.encode(query("001190000001")))
    await sender.close()


async def test_absent_database_is_unavailable(tmp_path: Path) -> None:
    """The error names the view, not the address; the connection test says the same."""
    sender = build(f"sqlite:///{tmp_path}/none/register.db")
    with pytest.raises(errors.Unavailable) as caught:
        await sender.send(sender.encode(query("001190000001")))
    assert str(tmp_path) not in caught.value.detail
    assert not (await sender.check()).ok
    await sender.close()


@pytest.mark.parametrize("changes", [{"url": "nonsense"}, {"url": "nosuchdb://x"}])
def test_address_that_cannot_be_used_is_refused(changes: dict[str, str]) -> None:
    """Found when the adapter is built; the address itself is not shown."""
    with pytest.raises(ValueError, match="secret db") as caught:
        build(changes["url"])
    assert changes["url"] not in str(caught.value)


@pytest.mark.parametrize("columns", [{"PersonalNumber": "a"}, {"Salary": "b"}])
def test_columns_must_be_known(columns: dict[str, str]) -> None:
    """What the record has no place for is refused, and so is a view without what is needed."""
    with pytest.raises(ValueError, match="columns"):
        build("sqlite://", columns=columns)
