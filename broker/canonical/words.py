"""How to say what is wrong with a value: for a person who has the form, not the schema, before them.

A sentence names the field and its owner ("Số định danh cá nhân của mẹ"), what the field must be, and what was
entered only by its length: a citizen's value never appears in an error.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import NamedTuple

from broker.canonical.plan import Value


class Said(NamedTuple):
    """One sentence in two languages."""

    vi: str
    en: str


SHAPES: dict[str, Said] = {
    "CommuneValue": Said(
        "gồm đúng 5 chữ số, theo danh mục đơn vị hành chính cấp xã", "exactly 5 digits, a commune code"
    ),
    "CountryValue": Said("gồm 2 chữ cái in hoa, ví dụ VN", "2 capital letters (ISO 3166-1), such as VN"),
    "DossierCodeValue": Said(
        "là mã hồ sơ liên thông, ví dụ G22.99.08-260901-000123",
        "a linked dossier code, such as G22.99.08-260901-000123",
    ),
    "EmailValue": Said(
        "là một địa chỉ thư điện tử, ví dụ ten@vidu.vn", "an e-mail address, such as name@example.vn"
    ),
    "EthnicityValue": Said(
        "là mã dân tộc 2 chữ số từ 01 đến 55", "an ethnic group code of 2 digits from 01 to 55"
    ),
    "IdentityPaperKindValue": Said("là một chữ số từ 0 đến 8", "one digit from 0 to 8"),
    "MessageIdValue": Said(
        "gồm 8 đến 64 chữ cái không dấu, chữ số hoặc các dấu . _ : -",
        "8 to 64 letters, digits or the signs . _ : -",
    ),
    "PartialDateValue": Said(
        "là ngày có thật, viết năm-tháng-ngày, năm-tháng hoặc chỉ năm (ví dụ 1990-02-28, 1990-02, 1990)",
        "a date that exists, written year-month-day, year-month or the year alone (such as 1990-02-28, "
        "1990-02, 1990)",
    ),
    "PersonalNumberValue": Said("gồm đúng 12 chữ số", "exactly 12 digits"),
    "PhoneValue": Said("gồm đúng 10 chữ số và bắt đầu bằng số 0", "exactly 10 digits starting with 0"),
    "ProvinceValue": Said(
        "gồm đúng 2 chữ số, theo danh mục tỉnh, thành phố", "exactly 2 digits, a province code"
    ),
    "Sha256": Said(
        "gồm đúng 64 ký tự 0-9, a-f (mã băm SHA-256 của tệp)",
        "exactly 64 characters 0-9, a-f (the file's SHA-256)",
    ),
    "StepValue": Said(
        "gồm chữ thường không dấu, chữ số và dấu gạch nối, tối đa 40 ký tự",
        "lower-case letters, digits and hyphens, at most 40",
    ),
    "CodeSystemValue": Said(
        "gồm chữ thường không dấu, chữ số và dấu gạch nối, tối đa 40 ký tự",
        "lower-case letters, digits and hyphens, at most 40",
    ),
    r"([01][0-9]|2[0-3]):[0-5][0-9]": Said("là giờ:phút, ví dụ 08:05", "a time HH:MM, such as 08:05"),
    "[0-9A-Z]{5,15}": Said(
        "gồm 5 đến 15 chữ số hoặc chữ cái in hoa, không có dấu cách",
        "5 to 15 digits or capital letters without spaces",
    ),
    "[A-Za-z]+(/[A-Za-z]+){0,5}": Said(
        "là đường dẫn của một mục trong tờ khai, ví dụ Mother/Name/Given",
        "the path of a field of the declaration, such as Mother/Name/Given",
    ),
    r"[0-9]{5}": Said("gồm đúng 5 chữ số", "exactly 5 digits"),
    r"[0-9]{5}\.GBT\.[0-9]{5}\.[0-9]{2}": Said(
        "là mã giấy báo tử, ví dụ 00045.GBT.79012.26",
        "a notice-of-death code, such as 00045.GBT.79012.26",
    ),
    "CertificateCodeValue": Said(
        "là mã giấy chứng sinh hoặc giấy báo tử, ví dụ 00123.GCS.79012.26",
        "a code of a birth certificate or a notice of death, such as 00123.GCS.79012.26",
    ),
    "[0-9]{6,20}": Said("là số tài khoản từ 6 đến 20 chữ số", "an account number of 6 to 20 digits"),
    "[0-9]{10}": Said("là mã số bảo hiểm xã hội gồm 10 chữ số", "a social insurance number of 10 digits"),
    r"[0-9]{5}\.GCS\.[0-9]{5}\.[0-9]{2}": Said(
        "là mã giấy chứng sinh, ví dụ 00123.GCS.79012.26",
        "a birth certificate code, such as 00123.GCS.79012.26",
    ),
}
"""What a value must look like, by the name of its type or, without one, by its pattern."""

_DATE = Said(
    "là ngày có thật, viết năm-tháng-ngày (ví dụ 2026-09-01)",
    "a date that exists, written year-month-day (such as 2026-09-01)",
)
_TIME = Said(
    "là thời điểm có múi giờ (ví dụ 2026-09-01T08:00:00+07:00)",
    "a date and time with offset (such as 2026-09-01T08:00:00+07:00)",
)
_BOOLEAN = Said("là true hoặc false", "true or false")
_FULL_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR_OR_MONTH = re.compile("[0-9]{4}(-[0-9]{2})?")
_INVISIBLE = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ue000-\uf8ff\ufff9-\uffff\U000e0000-\U0010ffff]"
)


def collapse(text: str) -> str:
    """White space as xs:token reads it."""
    return " ".join(re.split("[ \t\r\n]+", text.strip(" \t\r\n")))


def odd_text(text: str) -> bool:
    """Whether a text is decomposed or has characters that nobody can see."""
    return not unicodedata.is_normalized("NFC", text) or _INVISIBLE.search(text) is not None


def shape_of(value: Value) -> Said | None:
    """The words for the pattern, or the long list, of ``value``; None if it needs none."""
    return SHAPES.get(value.name or "") or SHAPES.get(value.patterns[-1] if value.patterns else "")


def fault(value: Value, text: str) -> Said | None:
    """What the field must be, if ``text`` is not that; None if the value is right. To be put after the
    field's name.
    """
    text = collapse(text)
    if not text:
        return Said("không được để trống", "must not be empty")
    if _INVISIBLE.search(text):
        return Said(
            "có ký tự ẩn (thường do sao chép từ nơi khác); hãy xóa và gõ lại",
            "contains an invisible character (often from copied text); delete it and type it again",
        )
    return _wrong_kind(value, text) or _wrong_shape(value, text) or _wrong_length(value, text)


def is_real_date(text: str) -> bool:
    """Whether ``text`` is a day of the calendar, as YYYY-MM-DD."""
    if _FULL_DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_partial_date(text: str) -> bool:
    """Whether ``text`` is a real day, or looks like a year or a month."""
    return is_real_date(text) or _YEAR_OR_MONTH.fullmatch(text) is not None


def is_instant(text: str) -> bool:
    """Whether ``text`` is a date and time with an offset."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _wrong_kind(value: Value, text: str) -> Said | None:
    """Faults of dates, times, truth values and numbers."""
    if value.base == "date" and not is_real_date(text):
        return _must(_DATE)
    if value.base == "dateTime" and not is_instant(text):
        return _must(_TIME)
    if value.base == "boolean" and text not in ("true", "false", "1", "0"):
        return _must(_BOOLEAN)
    if value.base == "int" and not _in_range(value, text):
        low, high = value.minimum, value.maximum
        return Said(f"phải là số nguyên từ {low} đến {high}", f"must be a whole number from {low} to {high}")
    return None


def _in_range(value: Value, text: str) -> bool:
    if re.fullmatch("[+-]?[0-9]{1,10}", text) is None:
        return False
    low, high = value.minimum, value.maximum
    return (low is None or int(text) >= low) and (high is None or int(text) <= high)


def _wrong_shape(value: Value, text: str) -> Said | None:
    """Faults of patterns and lists."""
    if value.enumeration and text not in value.enumeration:
        if (shape := shape_of(value)) is not None:
            return _must(shape)
        listed = ", ".join(value.enumeration[:12])
        return Said(f"phải là một trong các giá trị: {listed}", f"must be one of: {listed}")
    matches = all(re.fullmatch(pattern, text) for pattern in value.patterns)
    real = value.name != "PartialDateValue" or len(text) < 10 or is_real_date(text)
    if matches and real:
        return None
    shape = shape_of(value) or Said("đúng mẫu quy định", "of the prescribed form")
    vi, en = _must(shape)
    entered = _entered(text) if value.name not in ("PartialDateValue", "EmailValue") else Said("", "")
    return Said(vi + entered.vi, en + entered.en)


def _entered(text: str) -> Said:
    """What was entered, without saying it: how long it is, and whether it is digits."""
    many = len(text)
    if text.isascii() and text.isdigit():
        return Said(f"; giá trị đã nhập có {many} chữ số", f"; the value entered has {many} digits")
    if text.isdecimal():
        return Said("; hãy dùng các chữ số 0-9", "; use the digits 0-9")
    return Said(f"; giá trị đã nhập có {many} ký tự", f"; the value entered has {many} characters")


def _wrong_length(value: Value, text: str) -> Said | None:
    if value.max_length is not None and len(text) > value.max_length:
        return Said(
            f"dài tối đa {value.max_length} ký tự; giá trị đã nhập có {len(text)} ký tự, hãy rút gọn",
            f"has at most {value.max_length} characters; the value entered has {len(text)}, please shorten "
            "it",
        )
    if value.min_length is not None and len(text) < value.min_length:
        return Said(f"dài ít nhất {value.min_length} ký tự", f"has at least {value.min_length} characters")
    return None


def _must(said: Said) -> Said:
    """The same as an obligation: "phải gồm đúng 12 chữ số", "must be exactly 12 digits"."""
    return Said(f"phải {said.vi}", f"must be {said.en}")
