"""The agency's files: opened by a submission, followed by supplement, withdrawal, correction, and how they stand.

A linked dossier has one file of a kind at most; supplements and the like name the kind (``LOAI_HS``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from lxml import etree

from sandbox.bhxh import answers
from sandbox.bhxh.answers import Refusal
from sandbox.bhxh.checks import CODES, day, file_errors, items
from sandbox.bhxh.kinds import SUPPLEMENT, Kind
from sandbox.core.database import Database
from sandbox.core.desk import Desk, Record
from sandbox.core.fields import FieldError
from sandbox.core.readable import VIETNAM, local, readable, supplement_deadline
from sandbox.core.xml import child, parse, serialize, text

SCHEMA = """
CREATE TABLE IF NOT EXISTS open_file (dossier TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (dossier, kind));
"""
SUPPLEMENTED, WITHDRAWN, CORRECTED = "BS", "RUT", "DC"
FOLLOWING = {
    SUPPLEMENTED: ("HSDLBS", "BOSUNG"),
    WITHDRAWN: ("HSDLRUT", "RUTHOSO"),
    CORRECTED: ("HSDLDC", "DINHCHINH"),
}
STATES = {"approve": "05", "supplement": SUPPLEMENT, "reject": "04", "pending": "02"}
SETTLED = "05"
FINAL = ("04", SETTLED, "06")
SAME_TAGS = ("HO_TEN", "SO_DDCN", "GIOI_TINH", "NGAY_SINH", "NGAY_CHET")
ACT_TAGS = ("SO", "QUYEN", "NGAY")


class Standing(NamedTuple):
    """How a file stands: state, words of the officer, until when a supplement is awaited."""

    state: str
    words: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class File:
    """The messages of one file, oldest first; there is at least one."""

    kind: Kind
    records: Sequence[Record]

    @property
    def first(self) -> Record:
        """The submission."""
        return self.records[0]

    @property
    def latest(self) -> Record:
        """The newest message that says how the file stands: a correction does not."""
        return next(record for record in reversed(self.records) if record.operation != CORRECTED)

    @property
    def form(self) -> etree._Element:
        """The form as it is now, corrections in it."""
        return parse(self.first.data["form"].encode())


def check(errors: Sequence[FieldError]) -> None:
    """Raise the `Refusal` that names what is wrong, if anything is."""
    if errors:
        sentence = "; ".join(item.sentence for item in errors)
        raise Refusal(CODES[errors[0].kind], sentence, errors[0].field)


class Files:
    """Takes messages in and says how files stand; call `take` in a transaction."""

    def __init__(
        self, database: Database, desk: Desk, clock: Callable[[], datetime], kinds: Sequence[Kind]
    ) -> None:
        """``kinds`` are those of which files are kept."""
        self._database, self._desk, self._clock = database, desk, clock
        self._kinds: Mapping[str, Kind] = {kind.code: kind for kind in kinds}

    def tags(self, code: str) -> tuple[str, str] | None:
        """Root and payload of a loaiHs, None if there is no such kind of message."""
        kind = self._kinds.get(code)
        return FOLLOWING.get(code) if kind is None else (kind.root, kind.payload)

    def find(self, dossier: str, code: str) -> File | None:
        """The file of a dossier, None if it was never opened."""
        records = [record for record in self._desk.records(dossier=dossier) if record.data["file"] == code]
        return File(self._kinds[code], records) if records else None

    def of(self, record: Record) -> File:
        """The file to which a message belongs."""
        found = self.find(record.dossier, record.data["file"])
        assert found is not None
        return found

    def undecided(self) -> Iterator[tuple[str, str]]:
        """Dossier and kind of every file that is not settled."""
        for row in self._database.rows("SELECT dossier, kind FROM open_file ORDER BY rowid"):
            yield str(row["dossier"]), str(row["kind"])

    def close(self, dossier: str, code: str) -> None:
        """Nothing more will be said of a file."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM open_file WHERE dossier = ? AND kind = ?", (dossier, code))

    # ------------------------------------------------------------------ in

    def take(self, code: str, form: etree._Element, unit: str) -> etree._Element:
        """The receipt of a message of ``unit`` that is valid for its schema. Raises `Refusal`."""
        key, dossier = text(form, "MA_GD_DOITAC"), text(form, "MA_HSLT")
        known = self._desk.find(key)
        if known is not None:
            self._desk.take(key, dossier, code, "")
            return self._already(known, key)
        if code in self._kinds:
            return self._open(self._kinds[code], form, unit)
        file = self.find(dossier, text(form, "LOAI_HS"))
        if file is None:
            raise Refusal("1005", f"Hồ sơ {text(form, 'LOAI_HS')} của {dossier} không tồn tại", "MA_HSLT")
        return self._correct(file, form, unit) if code == CORRECTED else self._follow(code, file, form, unit)

    def _open(self, kind: Kind, form: etree._Element, unit: str) -> etree._Element:
        key, dossier = text(form, "MA_GD_DOITAC"), text(form, "MA_HSLT")
        file = self.find(dossier, kind.code)
        if file is not None:
            return self._already(file.latest, key)
        check(kind.errors(form, self._clock().astimezone(VIETNAM).date()))
        data = {"form": serialize(form).decode(), "file": kind.code, "unit": unit}
        return self._record(kind.code, form, text(form, "HO_TEN"), data)

    def _follow(self, code: str, file: File, form: etree._Element, unit: str) -> etree._Element:
        state = self.standing(file).state
        if (code == SUPPLEMENTED and state != SUPPLEMENT) or (code == WITHDRAWN and state in FINAL):
            raise Refusal("1005", "Logic xử lý không hợp lệ: trạng thái hồ sơ không cho phép", "MA_HSLT")
        check(file_errors(form))
        data = {"file": file.kind.code, "unit": unit, "papers": len(items(form, "DS_TEP"))}
        receipt = self._record(code, form, file.first.title, data)
        if code == WITHDRAWN:
            self._desk.effect(text(form, "MA_GD_DOITAC"), "Rút hồ sơ")
        return receipt

    def _correct(self, file: File, form: etree._Element, unit: str) -> etree._Element:
        """Take a correction in and say at once whether it is accepted; the answer to its key stays the same."""
        if self.standing(file).state in ("04", "06"):
            raise Refusal("1005", "Logic xử lý không hợp lệ: hồ sơ đã khép lại", "MA_HSLT")
        check(file_errors(form))
        key = text(form, "MA_GD_DOITAC")
        data = {"file": file.kind.code, "unit": unit}
        receipt = self._record(CORRECTED, form, file.first.title, data, opens=False)
        corrected = _corrected(file, form)
        decision = self._desk.get(key).decision
        words = (
            decision.reason
            if decision.outcome == "reject"
            else file.kind.clash(file.first.dossier, corrected)
        )
        if words is not None:
            self._desk.remember(key, refused=words)
            return self._already(self._desk.get(key), key)
        self._desk.remember(file.first.key, form=serialize(corrected).decode())
        changed = file.kind.correct(file.first.dossier, corrected)
        self._desk.effect(key, changed or f"Đính chính hồ sơ {file.kind.code}")
        return receipt

    def _record(
        self, code: str, form: etree._Element, title: str, data: Mapping[str, object], *, opens: bool = True
    ) -> etree._Element:
        key, dossier = text(form, "MA_GD_DOITAC"), text(form, "MA_HSLT")
        facts = {**data, "transaction": self._new_transaction(), "told": []}
        taken = self._desk.take(key, dossier, code, readable(title, form), title=title, data=facts)
        if opens:
            with self._database.transaction() as sql:
                sql.execute("INSERT OR IGNORE INTO open_file VALUES (?, ?)", (dossier, data["file"]))
        sentence = f"Hồ sơ {dossier} được tiếp nhận thành công"
        number = str(facts["transaction"])
        return answers.receipt("200", sentence, taken.record.received, key=key, transaction=number)

    def _already(self, record: Record, key: str) -> etree._Element:
        number, refused = record.data["transaction"], record.data.get("refused")
        if refused is not None:
            return answers.receipt("1006", refused or "Không chấp nhận đính chính", record.received, key=key)
        sentence = f"Hồ sơ {record.dossier} đã được tiếp nhận"
        return answers.receipt("210", sentence, record.received, key=key, transaction=number)

    def _new_transaction(self) -> str:
        count = self._database.rows("SELECT count(*) AS n FROM received")[0]["n"]
        return f"BHXH-{local(self._clock(), '%y%m%d')}-{count + 1:06d}"

    # ------------------------------------------------------------------ how it stands

    def standing(self, file: File) -> Standing:
        """What is decided so far; nothing is granted here. An officer's own decision goes before any objection."""
        latest = file.latest
        if latest.operation == WITHDRAWN:
            return Standing("06", "Người yêu cầu rút hồ sơ")
        verdict = self._desk.verdict(latest.key)
        state, words = STATES[verdict.outcome], verdict.reason
        if state == SETTLED and latest.by_hand is None:
            supplied = latest.operation == SUPPLEMENTED and latest.data["papers"] > 0
            objection = file.kind.objection(file.form, latest.dossier, supplied)
            state, words = objection or (state, words)
        until = supplement_deadline(verdict.until, latest.received)
        if state == SUPPLEMENT and self._clock() > until:
            return Standing("04", "Quá thời hạn bổ sung hồ sơ")
        return Standing(state, words, until if state == SUPPLEMENT else None)

    def notice(self, file: File, standing: Standing, number: str, identifier: str) -> bytes:
        """HSDLKQ in that state, unsigned; what is settled is granted now."""
        latest = file.latest
        head = {
            "MA_TB": number,
            "MA_GD": latest.data["transaction"],
            "MA_GD_DOITAC": file.first.key,
            "MA_HSLT": latest.dossier,
            "LOAI_HS": file.kind.code,
        }
        root = answers.result(identifier, head, standing.state, self._clock())
        answers.say(root, standing.words, standing.until)
        if standing.state == SETTLED:
            changed = file.kind.settle(root, latest.dossier, file.form)
            if changed is not None:
                self._desk.effect(latest.key, changed)
        return serialize(root)


def _corrected(file: File, correction: etree._Element) -> etree._Element:
    """The form with what the civil act says now, where the form has a place for it."""
    form = file.form
    names = {name: name for name in SAME_TAGS} | {
        f"{name}_HT": f"{name}_{file.kind.act}" for name in ACT_TAGS
    }
    for there, here in names.items():
        place, value = child(form, here), text(correction, there)
        if place is not None and value and (len(place.text or "") != len("yyyyMMdd") or _fits(here, value)):
            place.text = value
    return form


def _fits(name: str, value: str) -> bool:
    """Whether a date that a form has in full is given in full."""
    return not name.startswith("NGAY") or isinstance(day(value), date)
