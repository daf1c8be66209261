"""Parser for the regular expressions of XML Schema (XSD 1.0 part 2, appendix F)."""

from __future__ import annotations

import functools

from broker.mapping.regex import (
    EVERYTHING,
    Chars,
    Ranges,
    Regex,
    RegexRefused,
    Repeat,
    category,
    either,
    merge,
    then,
    without,
)

SPACE: Ranges = ((0x9, 0xA), (0xD, 0xD), (0x20, 0x20))
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}


@functools.cache
def parse(text: str) -> Regex:
    """The expression written as ``text``. Raises RegexRefused, naming the position."""
    parser = _Parser(text)
    regex = parser.choice()
    if parser.at < len(text):
        raise parser.refuse("unexpected character")
    return regex


class _Parser:
    """Recursive descent over the grammar of appendix F; one method per production."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def refuse(self, why: str) -> RegexRefused:
        return RegexRefused(f"{why} at position {self.at + 1} of {self.text!r}")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        if self.at >= len(self.text):
            raise self.refuse("ends too soon")
        self.at += 1
        return self.text[self.at - 1]

    def accept(self, wanted: str) -> bool:
        found = self.text.startswith(wanted, self.at)
        self.at += len(wanted) if found else 0
        return found

    def choice(self) -> Regex:
        branches = [self.sequence()]
        while self.accept("|"):
            branches.append(self.sequence())
        return either(*branches)

    def sequence(self) -> Regex:
        pieces: list[Regex] = []
        while self.peek() not in ("", "|", ")"):
            pieces.append(self.piece())
        return then(*pieces)

    def piece(self) -> Regex:
        atom = self.atom()
        if self.accept("?"):
            return Repeat(atom, 0, 1)
        if self.accept("*"):
            return Repeat(atom, 0, None)
        if self.accept("+"):
            return Repeat(atom, 1, None)
        return self.counted(atom) if self.accept("{") else atom

    def counted(self, atom: Regex) -> Regex:
        least = self.number()
        most: int | None = least
        if self.accept(","):
            most = None if self.peek() == "}" else self.number()
        if not self.accept("}"):
            raise self.refuse("expected }")
        return Repeat(atom, least, most)

    def number(self) -> int:
        start = self.at
        while self.peek().isdigit():
            self.at += 1
        if start == self.at:
            raise self.refuse("expected a number")
        return int(self.text[start : self.at])

    def atom(self) -> Regex:
        char = self.take()
        if char == "(":
            inner = self.choice()
            if not self.accept(")"):
                raise self.refuse("expected )")
            return inner
        if char == "[":
            return Chars(self.char_class())
        if char == ".":
            return Chars(without(EVERYTHING, ((0xA, 0xA), (0xD, 0xD))))
        if char == "\\":
            return Chars(self.escape())
        if char in "?*+{}":
            raise self.refuse(f"unexpected {char}")
        return Chars(((ord(char), ord(char)),))

    def char_class(self) -> Ranges:
        negated = self.accept("^")
        found: list[tuple[int, int]] = []
        removed: Ranges = ()
        while not self.accept("]"):
            if found and self.accept("-["):
                removed = self.char_class()
                continue
            found.extend(self.class_range())
        ranges = merge(found)
        return without(without(EVERYTHING, ranges) if negated else ranges, removed)

    def class_range(self) -> Ranges:
        char = self.take()
        if char == "\\":
            low = self.escape()
            if len(low) != 1 or low[0][0] != low[0][1]:
                return low
            start = low[0][0]
        else:
            start = ord(char)
        if self.peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", "["):
            return ((start, start),)
        self.at += 1
        end = self.take()
        stop = self.escape()[0][0] if end == "\\" else ord(end)
        if stop < start:
            raise self.refuse("range runs backwards")
        return ((start, stop),)

    def escape(self) -> Ranges:
        char = self.take()
        if char in "pP":
            found = self.property()
            return found if char == "p" else without(EVERYTHING, found)
        if char.lower() in "sdwic":
            found = _class_escape(char.lower())
            return found if char.islower() else without(EVERYTHING, found)
        if char not in _CONTROL and char.isalnum():
            raise self.refuse(f"unknown escape \\{char}")
        point = ord(_CONTROL.get(char, char))
        return ((point, point),)

    def property(self) -> Ranges:
        if not self.accept("{"):
            raise self.refuse("expected {")
        end = self.text.find("}", self.at)
        name = self.text[self.at : end]
        if end < 0 or name.startswith("Is"):
            raise self.refuse("character blocks are not supported")
        self.at = end + 1
        return category(name)


@functools.cache
def _class_escape(letter: str) -> Ranges:
    if letter == "s":
        return SPACE
    if letter == "d":
        return category("Nd")
    if letter == "i":
        return merge([(0x3A, 0x3A), (0x5F, 0x5F), *category("L"), *category("Nl")])
    if letter == "c":
        return merge([*_class_escape("i"), (0x2D, 0x2E), (0xB7, 0xB7), *category("N"), *category("M")])
    return without(EVERYTHING, merge([*category("P"), *category("Z"), *category("C")]))
