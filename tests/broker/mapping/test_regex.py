"""Terms of regular expressions."""

from __future__ import annotations

from broker.mapping import regex
from broker.mapping.regex import EMPTY, Chars, Either, Repeat, Then


def test_equal_terms_are_equal_however_built() -> None:
    """Sequences are flattened, so that the same language is more often the same term."""
    a, b, c = (regex.word(letter) for letter in "abc")
    assert regex.then(a, regex.then(b, c)) == regex.word("abc")
    assert hash(regex.then(a, regex.then(b, c))) == hash(regex.word("abc"))


def test_nullable() -> None:
    """The empty word matches repeats from zero, and sequences of such."""
    letter = regex.word("a")
    assert regex.nullable(EMPTY)
    assert regex.nullable(Then((Repeat(letter, 0, 3), regex.optional(letter))))
    assert not regex.nullable(Either((letter, Repeat(letter, 2, None))))


def test_derive_counts_down() -> None:
    """A bounded repeat has one turn less after each character."""
    (rest,) = regex.derive(Repeat(regex.word("a"), 2, 3), ord("a"))
    assert rest == Repeat(regex.word("a"), 1, 2)
    assert regex.derive(rest, ord("b")) == frozenset()


def test_without_cuts_holes() -> None:
    """A set less another keeps what is on both sides."""
    assert regex.without(((1, 10),), ((3, 4), (9, 20))) == ((1, 2), (5, 8))


def test_merge_joins_neighbours() -> None:
    """Ranges that touch become one."""
    assert regex.merge([(5, 6), (1, 2), (3, 4)]) == ((1, 6),)


def test_category_knows_vietnamese_letters() -> None:
    """Upper-case letters with diacritics are letters."""
    assert regex.contains(regex.category("Lu"), ord("Ễ"))
    assert not regex.contains(regex.category("Lu"), ord("ễ"))


def test_sets_of_collects_all_sets() -> None:
    """Every character set of a term is found."""
    assert regex.sets_of(regex.then(Chars(((1, 2),)), regex.optional(Chars(((5, 5),))))) == {
        ((1, 2),),
        ((5, 5),),
    }


def test_lengths() -> None:
    """Bounds of length are read off the term."""
    letter = regex.word("a")
    assert regex.lengths(regex.then(regex.word("ab"), Repeat(letter, 0, 3))) == (2, 5)
    assert regex.lengths(Either((letter, Repeat(letter, 2, None)))) == (1, None)
