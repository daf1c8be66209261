"""Plausible Vietnamese names for synthetic people, by ethnic group and sex."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from random import Random

MALE, FEMALE = "1", "2"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its parts; ``family`` and ``middle`` may be empty."""

    family: str
    middle: str
    given: str

    @property
    def full(self) -> str:
        """The parts with single spaces."""
        return " ".join(part for part in (self.family, self.middle, self.given) if part)


@dataclass(frozen=True, slots=True)
class Custom:
    """How a people names its children: words to choose from, written with commas.

    ``whole`` marks peoples without family names: all parts make up the given name.
    """

    families: str
    middles: tuple[str, str]
    givens: tuple[str, str]
    whole: bool = False


@cache
def _words(text: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFC", word.strip()) for word in text.split(","))


_MALE = (
    "An,Anh,Bách,Bảo,Bình,Chiến,Cường,Dũng,Duy,Dương,Đạt,Đăng,Đức,Giang,Hà,Hải,Hậu,Hiếu,Hòa,Hoàng,Hùng,Huy,Hưng,"
    "Khang,Khánh,Khoa,Kiên,Lâm,Linh,Long,Lộc,Mạnh,Minh,Nam,Nghĩa,Nguyên,Nhân,Phong,Phú,Phúc,Quân,Quang,Quý,Sơn,Sỹ,"
    "Tài,Tâm,Tân,Thái,Thành,Thắng,Thịnh,Thọ,Thủy,Tiến,Toàn,Trí,Trung,Tú,Tuấn,Tùng,Việt,Vinh,Vũ"
)
_FEMALE = (
    "An,Anh,Ánh,Bích,Châu,Chi,Dung,Duyên,Đào,Giang,Hà,Hạnh,Hằng,Hiền,Hoa,Hòa,Hồng,Huệ,Huyền,Hương,Hường,Khánh,Lan,"
    "Liên,Linh,Loan,Ly,Mai,My,Nga,Ngân,Ngọc,Nhàn,Nhung,Oanh,Phương,Phượng,Quyên,Quỳnh,Tâm,Thanh,Thảo,Thoa,Thu,Thùy,"
    "Thủy,Thúy,Thư,Tiên,Trang,Trà,Trinh,Tuyết,Uyên,Vân,Vy,Xuân,Yến"
)
_MIDDLES = (
    "Văn,Văn,Văn,Hữu,Đức,Minh,Quang,Công,Đình,Xuân,Thanh,Quốc,Ngọc,Hoàng,Gia,Tuấn,Bá,Viết,",
    "Thị,Thị,Thị,Thị Thu,Thị Ngọc,Thị Thanh,Ngọc,Thanh,Kim,Thị Kim,Bích,Thùy,Minh,Phương,Thị Hồng,Khánh,",
)
_PLAIN = ("Văn,Văn,Đức,Xuân,Minh,", "Thị,Thị,Thị,Thu,")


def _like_kinh(families: str) -> Custom:
    return Custom(families, _PLAIN, (_MALE, _FEMALE))


KINH = Custom(
    "Nguyễn,Nguyễn,Nguyễn,Nguyễn,Nguyễn,Trần,Trần,Lê,Lê,Phạm,Hoàng,Huỳnh,Phan,Vũ,Võ,Đặng,Bùi,Đỗ,Hồ,Ngô,Dương,Lý,"
    "Đinh,Trịnh,Mai,Đào,Cao,Lưu,Hà,Tạ",
    _MIDDLES,
    (_MALE, _FEMALE),
)
TAY = _like_kinh("Nông,Hoàng,Lý,Ma,Triệu,Lương,Bế,Đàm,Hứa,Chu,Vi,La")
THAI = _like_kinh("Lò,Cầm,Quàng,Tòng,Lường,Hà,Cà,Vì,Lù,Điêu,Kha")
MUONG = _like_kinh("Bùi,Quách,Đinh,Bạch,Hà,Phùng,Cao,Trương")
DAO = _like_kinh("Bàn,Triệu,Đặng,Phùng,Chảo,Lý,Tẩn,Dương")
HOA = _like_kinh("Lâm,Trương,Quách,Trần,Huỳnh,Lý,Tăng,Mã,Ngũ,Diệp")
KHMER = _like_kinh("Thạch,Sơn,Kim,Danh,Châu,Lâm,Kiên,Neáng")
CHAM = _like_kinh("Đạo,Thiên,Báo,Trượng,Bá,Quảng,Đàng,Lưu,Châu")
HIGHLAND_NORTH = _like_kinh("Lò,Lý,Vàng,Tẩn,Hoàng,Phùng,Chang,Pờ,Ly,Giàng")
HMONG = Custom(
    "Giàng,Vàng,Sùng,Lầu,Thào,Mùa,Hạng,Lý,Cứ,Chang",
    ("A,A,Mí,Seo", "Thị,Thị,"),
    ("Chính,Dơ,Páo,Sính,Tủa,Vừ,Chư,Lử,Phứ,Sáng", "Máy,Mỷ,Dợ,Chư,Sua,Dở,Pà,Mai,Súa,Xía"),
)
GIA_RAI = Custom(
    "Rơ Châm,Siu,Ksor,Rmah,Kpă,Nay,Rcom",
    ("", "H',"),
    ("Hyêu,Thơk,Bluih,Tuê,Đăm,Wơh,Ngơi,Bôm", "Bliên,Phyưi,Nhớ,Yơn,Mlơi,Đuynh,Lan,Thủy"),
)
E_DE = Custom(
    "",
    ("Y", "H"),
    (
        "Wang Niê,Thuột Êban,Bhăm Kbuôr,Krông Ayŭn,Dhun Mlô,Tuấn Byă,Phôk Niê Kdăm",
        "Hen Niê,Linh Êban,Wơn Mlô,Yăm Byă,Nga Kbuôr,Brôm Ayŭn,Kiều Niê Kdăm",
    ),
    whole=True,
)
XO_DANG = Custom(
    "",
    ("A", "Y"),
    ("Thút,Đun,Nhir,Glưn,Brel,Khôi,Tuấn,Phương", "Byưt,Hương,Nhri,Phiên,Thảo,Blưk,Lan,Ngân"),
    whole=True,
)
_BY_GROUP = {
    "01": KINH,
    "04": HOA,
    "05": KHMER,
    "06": MUONG,
    "08": HMONG,
    "09": DAO,
    "10": GIA_RAI,
    "12": E_DE,
    "17": CHAM,
    **dict.fromkeys(("02", "07", "15", "18", "25", "40", "49"), TAY),
    **dict.fromkeys(("03", "29", "33", "34", "37", "42"), THAI),
    **dict.fromkeys(("11", "24"), HOA),
    **dict.fromkeys(
        ("13", "14", "16", "19", "20", "21", "22", "23", "26", "27", "28", "30", "31", "32"), XO_DANG
    ),
    **dict.fromkeys(("36", "44", "52", "53", "54"), XO_DANG),
}


def custom_of(group: str) -> Custom:
    """The naming custom of an ethnic group (statistics office code 01 to 54)."""
    return _BY_GROUP.get(group, HIGHLAND_NORTH)


def draw_name(random: Random, group: str, sex: str, family: str | None = None) -> Name:
    """A name for a member of ``group``; ``family`` is the father's family name, where the people has them."""
    custom, which = custom_of(group), int(sex) - 1
    middle = random.choice(_words(custom.middles[which]))
    given = random.choice(_words(custom.givens[which]))
    if custom.whole:
        return Name("", "", f"{middle} {given}")
    if middle == "H'":
        middle, given = "", f"H'{given}"
    return Name(family or random.choice(_words(custom.families)), middle, given)
