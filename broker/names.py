"""Vietnamese names as the population register compares them, and as people mean them.

Diacritics matter: Thủy is not Thùy. What does not matter is how a keyboard writes them: composed or
decomposed, in capitals, and with the tone mark on either vowel of oa, oe and uy (hòa and hoà are one name in
two spellings).
"""

from __future__ import annotations

import re
import unicodedata

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
# The pairs on which both spellings are in use: at the end of a syllable, and not in "quy", where u is no
# vowel.
_PAIR = re.compile(r"(?<!q)(oa|oe|uy)$")


def same_name(one: str, other: str) -> bool:
    """True if both are the same name, however they were typed."""
    return _key(one) == _key(other)


def other_spellings(name: str) -> tuple[str, ...]:
    """The same name with all tone marks on the first, or all on the second vowel of oa, oe and uy.

    Spellings equal to the given one are left out, so most names have none.
    """
    written = " ".join(unicodedata.normalize("NFC", name).split())
    respelled = (" ".join(_respelled(word, place) for word in written.split()) for place in (-2, -1))
    return tuple(dict.fromkeys(spelling for spelling in respelled if spelling != written))


def folded(text: str) -> str:
    """The text as a search compares it: small letters without any mark, and d for đ."""
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def _key(name: str) -> tuple[tuple[str, str], ...]:
    """Each syllable as its letters and its tone: where in the syllable the tone stands does not matter."""
    return tuple(_split(word) for word in unicodedata.normalize("NFC", name).casefold().split())


def _split(word: str) -> tuple[str, str]:
    """(letters, tones); letters keep the marks that make them other letters, as in ă, ê, ơ."""
    decomposed = unicodedata.normalize("NFD", word)
    letters = "".join(mark for mark in decomposed if mark not in _TONES)
    return unicodedata.normalize("NFC", letters), "".join(mark for mark in decomposed if mark in _TONES)


def _respelled(word: str, place: int) -> str:
    """The word with its tone on the letter at ``place`` from the end, if both places are in use for it."""
    letters, tones = _split(word)
    if len(tones) != 1 or not _PAIR.search(letters.casefold()):
        return word
    end = len(letters) + place + 1
    return unicodedata.normalize("NFC", letters[:end] + tones + letters[end:])
