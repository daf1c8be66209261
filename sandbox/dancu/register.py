"""The population database: tables, the view that a hub may be given, look-ups, and their audit."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sandbox.core.database import Database, Row
from sandbox.dancu.citizen import Citizen
from sandbox.dancu.population import Population

# cong_dan_view is for a hub that reads SQL instead of SOAP: one row per citizen, read only.
#   so_dinh_danh 12 digits; so_cmnd 9 digits or NULL; ho_ten full name; ho, chu_dem, ten its parts
#   (ho, chu_dem empty for some); gioi_tinh 1 male, 2 female; ngay_sinh 1978 or 1990-05-02; dan_toc
#   01 to 54; quoc_tich VN; ma_tinh 2, ma_xa 5 digits (list of 2025-07-01), dia_chi: residence;
#   quan_he to the household head in words; chu_ho_so_dinh_danh, chu_ho_ho_ten; tinh_trang_hon_nhan 1 to 4.
SCHEMA = """
CREATE TABLE IF NOT EXISTS cong_dan (
    so_dinh_danh TEXT PRIMARY KEY, so_cmnd TEXT UNIQUE, ho TEXT NOT NULL, chu_dem TEXT NOT NULL, ten TEXT NOT
    NULL, ho_ten TEXT NOT NULL, ho_ten_hoa TEXT NOT NULL, gioi_tinh TEXT NOT NULL, ngay_sinh TEXT NOT NULL,
    dan_toc TEXT NOT NULL, ton_giao TEXT NOT NULL, tinh_trang_hon_nhan TEXT NOT NULL, nhom_mau TEXT, que_tinh
    TEXT NOT NULL, que_xa TEXT NOT NULL, ma_tinh TEXT NOT NULL, ma_xa TEXT NOT NULL, dia_chi TEXT NOT NULL,
    cha TEXT, me TEXT, vo_chong TEXT, so_ho TEXT NOT NULL, chu_ho TEXT NOT NULL, quan_he TEXT NOT NULL
);
CREATE VIEW IF NOT EXISTS cong_dan_view AS
    SELECT c.so_dinh_danh, c.so_cmnd, c.ho_ten, c.ho, c.chu_dem, c.ten, c.gioi_tinh, c.ngay_sinh, c.dan_toc,
           'VN' AS quoc_tich, c.ma_tinh, c.ma_xa, c.dia_chi, c.quan_he, c.chu_ho AS chu_ho_so_dinh_danh,
           h.ho_ten AS chu_ho_ho_ten, c.tinh_trang_hon_nhan
    FROM cong_dan c LEFT JOIN cong_dan h ON h.so_dinh_danh = c.chu_ho;
CREATE TABLE IF NOT EXISTS tra_cuu (
    ma_yeu_cau TEXT PRIMARY KEY, thao_tac TEXT NOT NULL, ma_dvc TEXT NOT NULL, ma_can_bo TEXT NOT NULL,
    he_thong TEXT NOT NULL, so TEXT NOT NULL, bam TEXT NOT NULL, luc TEXT NOT NULL, so_lan INTEGER NOT NULL,
    ket_qua INTEGER
);
"""
COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Lookup:
    """Who asks what. ``number`` is the one asked about, ``body`` the canonical bytes of the request."""

    request_id: str
    operation: str
    purpose: str
    officer: str
    system: str
    number: str
    body: bytes


class RepeatedRequest(Exception):
    """The id of the request was used before for another question."""


class Register:
    """Reads of the population database; names and dates are compared exactly, diacritics included."""

    def __init__(self, database: Database) -> None:
        """``database`` has `SCHEMA`."""
        self._database = database

    def fill(self, population: Population) -> None:
        """Write the population, unless there is one already."""
        if self._database.row("SELECT 1 FROM cong_dan LIMIT 1") is not None:
            return
        marks = ", ".join("?" * COLUMNS)
        with self._database.transaction() as sql:
            sql.executemany(f"INSERT INTO cong_dan VALUES ({marks})", map(_row, population.people))  # noqa: S608

    def person(self, number: str) -> Row | None:
        """The row of a personal number (12 digits) or an old identity card (9 digits)."""
        column = "so_cmnd" if len(number) == 9 else "so_dinh_danh"
        return self._database.row(f"SELECT * FROM cong_dan WHERE {column} = ?", (number,))  # noqa: S608

    def exact(self, number: str, name: str, birth: str) -> Row | None:
        """The person of whom number, name in capitals and date of birth are all exactly these."""
        row = self.person(number)
        return row if row is not None and row["ho_ten_hoa"] == name and row["ngay_sinh"] == birth else None

    def belongs(self, number: str, name: str | None, birth: str | None) -> bool:
        """Whether the values belong to the number; a bare year agrees with a whole date of that year."""
        row = self.person(number)
        if row is None:
            return False
        return name in (None, row["ho_ten_hoa"]) and (birth is None or _same_birth(row["ngay_sinh"], birth))

    def related(self, person: Row, relative: Row, kind: str) -> bool:
        """Whether ``relative`` is the father, mother, child, spouse or housemate (code of the contract)."""
        theirs = relative["so_dinh_danh"]
        if kind == "CON":
            return person["so_dinh_danh"] in (relative["cha"], relative["me"])
        if kind == "CUNG_HO":
            return bool(person["so_ho"] == relative["so_ho"])
        column = {"CHA": "cha", "ME": "me", "VO_CHONG": "vo_chong"}[kind]
        return bool(person[column] == theirs)

    def note(self, lookup: Lookup, found: bool, now: datetime) -> None:
        """Keep who asked. The same question under the same id counts once more; another one is refused.

        Raises `RepeatedRequest`.
        """
        digest = hashlib.sha256(lookup.body).hexdigest()
        with self._database.transaction() as sql:
            known = self._database.row("SELECT bam FROM tra_cuu WHERE ma_yeu_cau = ?", (lookup.request_id,))
            if known is not None and known["bam"] != digest:
                raise RepeatedRequest(lookup.request_id)
            sql.execute(
                "INSERT INTO tra_cuu VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?) "
                "ON CONFLICT (ma_yeu_cau) DO UPDATE SET so_lan = so_lan + 1",
                (
                    lookup.request_id,
                    lookup.operation,
                    lookup.purpose,
                    lookup.officer,
                    lookup.system,
                    lookup.number,
                    digest,
                    now.isoformat(),
                    int(found),
                ),
            )

    def lookups(self) -> list[dict[str, object]]:
        """The audit: every look-up in order of its first arrival, with the number of arrivals."""
        rows = self._database.rows("SELECT * FROM tra_cuu ORDER BY rowid")
        return [{key: row[key] for key in row.keys() if key != "bam"} for row in rows]  # noqa: SIM118 - not a dict


def capitals(name: str) -> str:
    """The name as the register compares it: NFC, capitals."""
    return unicodedata.normalize("NFC", name).upper()


def _same_birth(held: str, given: str) -> bool:
    return held == given or (len(given) == 4 and held.startswith(given))


def _row(person: Citizen) -> tuple[object, ...]:
    name, home = person.registered_name, person.residence
    return (
        person.number,
        person.old_number,
        name.family,
        name.middle,
        name.given,
        person.full_name,
        capitals(person.full_name),
        person.sex,
        person.birth,
        person.ethnicity,
        person.religion,
        person.marital,
        person.blood,
        person.native.province,
        person.native.commune,
        home.province,
        home.commune,
        home.detail,
        person.father,
        person.mother,
        person.spouse,
        person.household,
        person.head,
        person.relation,
    )
