"""Names compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.names import folded, other_spellings, same_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Hòa", "NGUYỄN THỊ HOÀ"),
        ("Trần Thanh Thúy", "Trần Thanh Thuý"),
        ("Lê Văn Khỏe", "Lê  Văn Khoẻ "),
        ("Phạm Đức Anh", unicodedata.normalize("NFD", "Phạm Đức Anh")),
        ("H'Hen Niê", "h'hen niê"),
    ],
)
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    """Case, space, composition and the place of the tone mark do not matter."""
    assert same_name(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Thủy", "Nguyễn Thị Thùy"),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hoa"),
        ("Trần Văn Dũng", "Trần Văn Dung"),
        ("Đỗ Văn An", "Dỗ Văn An"),
        ("Lê Thị Ân", "Lê Thị An"),
        ("Lê Thị Quý", "Lê Thị Quí"),
        ("Lê Văn An", "Lê An"),
    ],
)
def test_two_names_that_look_alike(one: str, other: str) -> None:
    """A tone, a letter or a missing word makes another name."""
    assert not same_name(one, other)


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("Nguyễn Thị Hòa", ("Nguyễn Thị Hoà",)),
        ("NGUYỄN THUÝ HÒA", ("NGUYỄN THÚY HÒA", "NGUYỄN THUÝ HOÀ")),
        ("Lê Thị Quý", ()),
        ("Trần Văn Hoàn", ()),
        ("Lê Thị Hoa", ()),
    ],
)
def test_spellings_to_try_when_a_register_compares_literally(name: str, others: tuple[str, ...]) -> None:
    """Only open oa, oe, uy have two, and qu is one sound."""
    assert other_spellings(name) == others


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Hòa", "Hoà", "Thúy", "Thuý", "Khoẻ", "Quý", "An", "Nguyễn", "loạn"]), min_size=1
    )
)
def test_another_spelling_is_the_same_name(words: list[str]) -> None:
    """Respelling never makes another name."""
    name = " ".join(words)
    assert all(same_name(name, other) for other in other_spellings(name))


@pytest.mark.parametrize("text", ["Đặng Thị Hòa", "ĐẶNG  THỊ HOÀ", "dang thi hoa"])
def test_a_search_needs_no_accents(text: str) -> None:
    """Letters without marks, d for đ, single spaces."""
    assert folded(text) == "dang thi hoa"
