"""Value spaces of computed texts contain whatever is computed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from broker.mapping import textspaces
from broker.mapping.regexparser import parse
from broker.mapping.textspaces import change_case, sliced, split_name
from broker.mapping.values import COLLAPSED, Values, allows, words

CLOCK = Values(patterns=(parse("([01][0-9]|2[0-3]):[0-5][0-9]"),), shortest=5, longest=5)
NAMES = Values(patterns=(COLLAPSED,), longest=20)
names = st.text("aĐế ", min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)


@given(hour=st.integers(0, 23), minute=st.integers(0, 59), start=st.integers(1, 5), length=st.integers(1, 3))
def test_taken(hour: int, minute: int, start: int, length: int) -> None:
    """Characters of a fixed pattern have the pattern of their places."""
    text = f"{hour:02d}:{minute:02d}"[start - 1 : start - 1 + length]
    assert allows((textspaces.taken(CLOCK, start, length),), text)


def test_taken_is_exact_enough_for_hours() -> None:
    """The minutes of a time are known to be minutes."""
    assert sliced(CLOCK.patterns[0], 3, 5) == parse("[0-5][0-9]")
    assert sliced(parse("a*"), 0, 1) is None


@given(text=names, length=st.integers(1, 10))
def test_cut(text: str, length: int) -> None:
    """A cut text is short and has no blank at its end."""
    assert allows((textspaces.cut(NAMES, length),), text[:length].rstrip())


@given(text=names, upper=st.booleans())
def test_lettered(text: str, upper: bool) -> None:
    """Case changes keep length and blanks."""
    assert allows((textspaces.lettered(NAMES, upper),), change_case(text, upper))
    assert change_case("ßĐ", True) == "ßĐ"


@given(text=names, part=st.sampled_from(["family", "middle", "given"]))
def test_split(text: str, part: str) -> None:
    """Each part of a name is in its space; the parts make the name again."""
    piece = split_name(text, part)
    assert not piece or allows((textspaces.split(NAMES, part),), piece)
    whole = [split_name(text, one) for one in ("family", "middle", "given")]
    assert " ".join(one for one in whole if one) == text


def test_padded_digits_stay_digits() -> None:
    """Digits filled up with zeros are digits of the new length."""
    digits = Values(patterns=(parse("[0-9]{1,2}"),), longest=2)
    padded = textspaces.padded(digits, 4, "0")
    assert allows((padded,), "0012")
    assert not allows((padded,), "a012")


def test_numbers() -> None:
    """Small ranges are lists, large ones patterns."""
    assert textspaces.counted(3, 1)[0].words == {"1", "2", "3"}
    assert textspaces.counted(None, 0)[0].words is None
    assert textspaces.numeric(Values("integer", patterns=(parse("[0-9]{1,2}"),))).words is None
    assert textspaces.numeric(Values(patterns=(parse("[0-9]"),), longest=1)).words == set("0123456789")


def test_words_are_computed_one_by_one() -> None:
    """A list stays a list under every computation."""
    space = words("ab cd", "x")[0]
    assert textspaces.before(space, " ").words == {"ab"}
    assert textspaces.cut(space, 3).words == {"ab", "x"}
    assert textspaces.taken(space, 1, 1).words == {"a", "x"}
    assert textspaces.padded(space, 2, "0").words == {"ab cd", "0x"}
    assert textspaces.collapsed(words("a b"))
    assert not textspaces.collapsed(words("a  b"))
    assert textspaces.normalized(Values()).patterns == (COLLAPSED,)
