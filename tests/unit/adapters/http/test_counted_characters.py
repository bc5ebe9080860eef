from __future__ import annotations

import pytest

from moothall.adapters.http.counted_characters import MOST, CountedCharacters

TEXT = "Um café, señora"


def request(
    body: bytes, length: object, *, path: str = "/closedcaption?key=a.b&seq=1", closes: str = "close", more: str = ""
) -> bytes:
    fields = f"Content-Type: text/plain\r\nContent-Length: {length}\r\n{more}Connection: {closes}"
    return f"POST {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n".encode() + body


def passed(data: bytes, *, cut: int) -> bytes:
    """What the web server gets of a request that comes in two pieces."""
    mends = CountedCharacters()
    return mends.take(data[:cut]) + mends.take(data[cut:])


def test_a_length_that_counts_characters_becomes_one_of_bytes_however_the_request_is_cut() -> None:
    asked, right = request(TEXT.encode(), len(TEXT)), request(TEXT.encode(), len(TEXT.encode()))
    head = asked.index(b"\r\n\r\n") + 4
    for cut in range(head, len(asked) + 1):
        if cut - head != len(TEXT):
            assert passed(asked, cut=cut) == right, cut
    assert passed(right, cut=head) == right
    assert CountedCharacters().take(asked[:head]) == b""


def test_a_body_that_a_proxy_cut_is_not_waited_for() -> None:
    cut = request(TEXT.encode()[: len(TEXT)], len(TEXT))
    assert CountedCharacters().take(cut) == cut


@pytest.mark.parametrize(
    "asked",
    [
        request(TEXT.encode(), len(TEXT), path="/captions?key=a.b"),
        request(TEXT.encode(), len(TEXT), closes="keep-alive"),
        request(TEXT.encode(), len(TEXT), more="Transfer-Encoding: chunked\r\n"),
        request(TEXT.encode(), "none"),
        request(TEXT.encode() + b"\xff", len(TEXT)),
        request(TEXT.encode() + b"GET / HTTP/1.1\r\n\r\n", len(TEXT)),
        request(("é" * MOST).encode(), MOST),
        b"POST /closedcaption?key=a.b&seq=1 HTT",
    ],
)
def test_any_other_request_is_passed_on_as_it_came(asked: bytes) -> None:
    assert CountedCharacters().take(asked) == asked


def test_what_comes_behind_a_request_is_passed_on() -> None:
    mends = CountedCharacters()
    mends.take(request(TEXT.encode(), len(TEXT)))
    assert mends.take(b"more") == b"more"
