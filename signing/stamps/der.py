"""Strict DER for structures that come from outside: what is read has one spelling, and no surprises in it.

The library that gives meaning to the structures reads lazily and takes BER as well. So everything is walked first, in
time linear in its size: definite and shortest lengths, nothing behind the end, bounded depth and count (ITU-T X.690
§8, §10, §11).
"""

from __future__ import annotations

from signing.errors import SignatureInvalid

_DEPTH = 32
_ELEMENTS = 20_000
_BOOLEAN, _INTEGER, _NULL, _SEQUENCE, _SET = 0x01, 0x02, 0x05, 0x10, 0x11
_CLASS, _CONSTRUCTED, _NUMBER = 0xC0, 0x20, 0x1F


def require_der(data: bytes, what: str, *, limit: int) -> None:
    """Raise SignatureInvalid unless ``data`` is exactly one DER value of at most ``limit`` bytes.

    ``what`` names the structure in the reason.
    """
    if len(data) > limit:
        raise SignatureInvalid(f"{what} is larger than {limit} bytes")
    try:
        _walk(data)
    except _NotDerError as error:
        raise SignatureInvalid(f"{what} is not DER: {error}") from error


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER value: ``tag`` (a whole identifier octet), length, and ``parts`` one after the other."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    spelled = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(spelled))) + spelled + content


class _NotDerError(Exception):
    """Where and why the bytes are not DER."""


def _walk(data: bytes) -> None:
    ends: list[int] = [len(data)]  # of the constructed values around the present place
    at = count = 0
    while ends:
        if at == ends[-1] and len(ends) > 1:
            ends.pop()
            continue
        if count and len(ends) == 1:
            if at != len(data):
                raise _NotDerError(f"{len(data) - at} bytes follow its end")
            return
        count += 1
        tag = data[at] if at < ends[-1] else 0
        start, end = _extent(data, at, ends[-1])
        _check_value(tag, data[start:end] if end - start < 3 else data[start : start + 3], end - start, at)
        if tag & _CONSTRUCTED:
            ends.append(end)
            at = start
        else:
            at = end
        if len(ends) > _DEPTH or count > _ELEMENTS:
            raise _NotDerError("it is nested too deeply or has too many parts")


def _extent(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the content of the value at ``at`` begins and ends, both within ``end``."""
    if at + 2 > end:
        raise _NotDerError(f"it is cut off at byte {at}")
    if data[at] == 0 or data[at] & _NUMBER == _NUMBER:
        raise _NotDerError(f"the tag at byte {at} is not used here")
    first, start = data[at + 1], at + 2
    length = first
    if first >= 0x80:
        start += first - 0x80
        spelled = data[at + 2 : min(start, end)]
        if not 1 <= first - 0x80 <= 4 or len(spelled) != first - 0x80:
            raise _NotDerError(f"the length at byte {at + 1} is indefinite or too long")
        length = int.from_bytes(spelled, "big")
        if spelled[0] == 0 or length < 0x80:
            raise _NotDerError(f"the length at byte {at + 1} is not the shortest")
    if start + length > end:
        raise _NotDerError(f"the value at byte {at} is longer than what is around it")
    return start, start + length


def _check_value(tag: int, head: bytes, length: int, at: int) -> None:
    """The rules for single universal types; ``head`` is the beginning of the content."""
    if tag & _CLASS:
        return
    number = tag & _NUMBER
    if bool(tag & _CONSTRUCTED) != (number in (_SEQUENCE, _SET)):
        raise _NotDerError(f"the value at byte {at} is in pieces, or should be")
    if number == _BOOLEAN and head not in (b"\x00", b"\xff"):
        raise _NotDerError(f"the truth value at byte {at} is neither")
    if number == _NULL and length:
        raise _NotDerError(f"the nothing at byte {at} has content")
    if number == _INTEGER and (not head or (length > 1 and head[0] in (0, 0xFF) and _padded(head))):
        raise _NotDerError(f"the number at byte {at} is not the shortest")


def _padded(head: bytes) -> bool:
    return (head[0] == 0) == (head[1] < 0x80)
