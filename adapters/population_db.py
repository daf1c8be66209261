"""Sender ``population-db``: looks people up in a database view, for a hub that is given one instead of a
service.

Takes a canonical ``PersonQuery`` and gives a canonical ``PersonRecord``. Read-only, one row by its key,
bounded in time. The query names officer and purpose, or it is not a query: every look-up is
attributable, as the register's owner demands, and stands in the message log like any message.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Mapping

import sqlalchemy as sql
from lxml import etree
from pydantic import Field
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError

from adapters.base import CheckReport, Features, Reply, Request, Resources, Settings, Spec, Wire
from adapters.errors import AdapterError, Malformed, Unavailable
from adapters.schemas import Folder, schema_of
from signing.errors import XmlRefused
from signing.xml import parse, serialize

__all__ = ["SPEC", "PopulationDb", "PopulationDbSettings"]

OPERATION = "PersonQuery"
NAMESPACE = "urn:lienthong:1.0"
_SCHEMA = "lienthong/1.0/population.xsd"
_PERSON = ("PersonalNumber", "FullName", "Sex", "BirthDate", "Ethnicity", "Nationality")
_RESIDENCE = ("Country", "Province", "Commune", "Detail")
_HEAD = ("HeadName", "HeadPersonalNumber")
_COLUMNS = {
    "PersonalNumber": "so_dinh_danh",
    "FullName": "ho_ten",
    "Sex": "gioi_tinh",
    "BirthDate": "ngay_sinh",
    "Ethnicity": "dan_toc",
    "Nationality": "quoc_tich",
    "Province": "ma_tinh",
    "Commune": "ma_xa",
    "Detail": "dia_chi",
    "HeadName": "chu_ho_ho_ten",
    "HeadPersonalNumber": "chu_ho_so_dinh_danh",
}


class PopulationDbSettings(Settings):
    """A view of the population register."""

    url: str = Field(description="name of the secret that holds the database address (SQLAlchemy)")
    view: str = Field("cong_dan_view", description="view to read, with its schema if need be: schema.view")
    columns: Mapping[str, str] = Field(
        default_factory=lambda: dict(_COLUMNS),
        description="field of PersonRecord → column; PersonalNumber, FullName and BirthDate are needed",
    )
    country: str = Field("VN", description="country of residence, where no column says it")
    timeout_seconds: float = Field(5, gt=0, description="bound of one look-up")
    connections: int = Field(4, gt=0, description="bound of simultaneous connections")


class PopulationDb:
    """One view of one database."""

    features = Features(network=False)

    def __init__(self, settings: PopulationDbSettings, resources: Resources) -> None:
        """Prepare the query; the database is opened by the first look-up. Raises ValueError."""
        _check_columns(settings.columns)
        self._settings = settings
        self._schema = schema_of(Folder(resources.contracts), _SCHEMA)
        self._engine = _engine(resources.secret(settings.url), settings)
        columns: dict[str, sql.Label[object]] = {
            field: sql.column(name).label(field) for field, name in settings.columns.items()
        }
        place, _, view = settings.view.rpartition(".")
        source = sql.table(
            view, *(sql.column(name) for name in settings.columns.values()), schema=place or None
        )
        self._by_number = (
            sql.select(*columns.values())
            .select_from(source)
            .where(sql.column(settings.columns["PersonalNumber"]) == sql.bindparam("number"))
            .limit(2)
        )

    def encode(self, request: Request) -> Wire:
        """The query as it is. Raises ValueError if it is not a valid ``PersonQuery``."""
        if request.operation != OPERATION:
            raise ValueError(f"there is no operation {request.operation!r}; there is {OPERATION}")
        try:
            root = parse(request.payload)
        except XmlRefused as error:
            raise ValueError(f"the payload cannot be read: {error}") from error
        problems = self._schema.problems(root)
        if root.tag != f"{{{NAMESPACE}}}{OPERATION}" or problems:
            raise ValueError(f"the payload is not a valid {OPERATION}: {'; '.join(problems) or root.tag}")
        return Wire(OPERATION, request.key, f"{SPEC.name}:{self._settings.view}", serialize(root))

    async def send(self, wire: Wire) -> Reply:
        """Look up. Raises `Unavailable` if the database gives no answer in time, `Malformed` if the view
        is wrong.
        """
        query = parse(wire.body)
        number = _text(query, "PersonalNumber") or ""
        rows = await self._rows(self._by_number, {"number": number})
        if len(rows) > 1:
            raise Malformed(f"{self._settings.view} has more than one row for a personal number")
        record = self._record(query, rows[0] if rows else None)
        problems = self._schema.problems(record)
        if problems:
            raise Malformed(f"{self._settings.view} holds what PersonRecord cannot: {'; '.join(problems)}")
        payload = serialize(record)
        return Reply(OPERATION, payload, payload)

    async def check(self) -> CheckReport:
        """Ask the view for a row that cannot exist: it is there, and so are its columns."""
        try:
            await self._rows(self._by_number, {"number": ""})
        except AdapterError as error:
            return CheckReport(False, (error.detail,))
        return CheckReport(True, (f"{self._settings.view}: readable, {len(self._settings.columns)} columns",))

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.to_thread(self._engine.dispose)

    async def _rows(self, query: sql.Executable, values: Mapping[str, str]) -> list[Mapping[str, object]]:
        reading = asyncio.to_thread(self._read, query, values)
        try:
            return await asyncio.wait_for(reading, self._settings.timeout_seconds)
        except TimeoutError as error:
            raise Unavailable(f"{self._settings.view} gave no answer in time") from error
        except OperationalError as error:
            raise Unavailable(f"{self._settings.view} cannot be read now ({_kind(error)})") from error
        except SQLAlchemyError as error:
            raise Malformed(f"{self._settings.view} is not as configured ({_kind(error)})") from error

    def _read(self, query: sql.Executable, values: Mapping[str, str]) -> list[Mapping[str, object]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query, dict(values)).mappings()]

    def _record(self, query: etree._Element, row: Mapping[str, object] | None) -> etree._Element:
        record = etree.Element(f"{{{NAMESPACE}}}PersonRecord", nsmap={"lt": NAMESPACE})
        found = row is not None and _agrees(query, row)
        _add(record, "Found", "true" if found else "false")
        if row is None or not found or _text(query, "Kind") == "confirm":
            return record
        person = etree.SubElement(record, f"{{{NAMESPACE}}}Person")
        for field in _PERSON:
            _add(person, field, _value(row, field))
        if _value(row, "Province") or _value(row, "Detail"):
            residence = etree.SubElement(person, f"{{{NAMESPACE}}}Residence")
            for field in _RESIDENCE:
                default = self._settings.country if field == "Country" else None
                _add(residence, field, _value(row, field) or default)
        for field in _HEAD:
            _add(person, field, _value(row, field))
        return record


def _check_columns(columns: Mapping[str, str]) -> None:
    known = {*_PERSON, *_RESIDENCE, *_HEAD}
    missing = {"PersonalNumber", "FullName", "BirthDate"} - set(columns)
    if missing or not known.issuperset(columns):
        raise ValueError(f"columns: missing {sorted(missing)}, unknown {sorted(set(columns) - known)}")


def _engine(url: str, settings: PopulationDbSettings) -> sql.Engine:
    """An engine whose connections can only read, and whose errors show no values."""
    try:
        engine = sql.create_engine(
            url,
            hide_parameters=True,
            pool_size=settings.connections,
            max_overflow=0,
            pool_timeout=settings.timeout_seconds,
            pool_pre_ping=True,
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, TypeError) as error:
        raise ValueError(f"secret {settings.url} is not a database address that can be used") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_reads_only)
    if engine.dialect.name == "postgresql":
        milliseconds = int(settings.timeout_seconds * 1000)
        event.listen(engine, "connect", lambda raw, _: _postgresql_reads_only(raw, milliseconds))
    return engine


def _sqlite_reads_only(raw: object, _record: object) -> None:
    raw.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]


def _postgresql_reads_only(raw: object, milliseconds: int) -> None:
    with raw.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        cursor.execute(f"SET statement_timeout = {milliseconds}")
    raw.commit()  # type: ignore[attr-defined]


def _agrees(query: etree._Element, row: Mapping[str, object]) -> bool:
    """Whether name and birth date, as far as asked about, are the register's; diacritics count, case
    does not.
    """
    name, born = _text(query, "FullName"), _text(query, "BirthDate")
    same_name = name is None or _folded(name) == _folded(_value(row, "FullName") or "")
    return same_name and (born is None or born == _value(row, "BirthDate"))


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _value(row: Mapping[str, object], field: str) -> str | None:
    """A column as canonical text; dates of eight digits get their hyphens; empty is absent."""
    value = row.get(field)
    text = unicodedata.normalize("NFC", str(value)).strip() if value is not None else ""
    if field == "BirthDate" and len(text) == 8 and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text or None


def _text(query: etree._Element, field: str) -> str | None:
    text = query.findtext(f"{{{NAMESPACE}}}{field}")
    return text.strip() if text is not None else None


def _add(parent: etree._Element, field: str, value: str | None) -> None:
    if value is not None:
        etree.SubElement(parent, f"{{{NAMESPACE}}}{field}").text = value


def _kind(error: SQLAlchemyError) -> str:
    """The driver's kind of error; its text may hold address or values."""
    return type(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error).__name__


SPEC = Spec(
    name="population-db",
    direction="send",
    summary="Looks people up in a view of the population register, read-only.",
    settings=PopulationDbSettings,
    build=PopulationDb,
    features=PopulationDb.features,
)
"""Declaration of the adapter."""
