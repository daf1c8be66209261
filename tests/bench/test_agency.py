"""The stand-in agency speaks as much HTTP as the hub does."""

from __future__ import annotations

from typing import cast

from bench.agency import Connection, Desk, content_length
from bench.papers import Answers


def test_length_of_a_body() -> None:
    """The header's name is written in any case; without it there is no body."""
    assert content_length(b"POST / HTTP/1.1\r\ncontent-LENGTH: 12") == 12
    assert content_length(b"GET / HTTP/1.1\r\nHost: x") == 0


def test_requests_in_pieces_and_in_a_row_are_answered_once_each() -> None:
    """What TCP cuts or joins makes no difference."""
    desk = Desk(Answers(token=b"t", receipt=b"r", confirmed=b"c", records={}))
    written: list[bytes] = []
    connection = Connection(desk)
    connection._transport = cast("object", type("Line", (), {"write": staticmethod(written.append)}))  # type: ignore[assignment]
    request = b"POST / HTTP/1.1\r\nContent-Length: 14\r\n\r\n<nhanHoSoDKHT>"
    for piece in (request[:20], request[20:] + request, request[:-1], request[-1:]):
        connection.data_received(piece)
    assert [answer[-1:] for answer in written] == [b"r", b"r", b"r"]
    assert desk.count() == 3
