from __future__ import annotations

import pytest

from moothall.core.captioning.charsets import (
    MOST_NEGOTIATED,
    binary_stream,
    known_charset,
    lenient_text,
    whole_text,
    without_telnet,
)
from moothall.core.kernel.errors import Refusal


def test_charsets_are_known_by_the_names_that_senders_use() -> None:
    assert [known_charset(name) for name in ("UTF-8", ' "utf-8"', "ISO-8859-1", "utf-16", "koi8-r")] == [
        "utf-8",
        "utf-8",
        "cp1252",
        "utf-16",
        None,
    ]


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße €".encode("cp1252"), "cp1252", "Grüße €"),
        ("Grüße".encode("utf-16"), "utf-16", "Grüße"),
        (b"a\x00\x08b", "utf-8", "a\x00\x08b"),
    ],
)
def test_a_post_is_read_in_its_charset(data: bytes, charset: str, text: str) -> None:
    assert whole_text(data, charset) == (text, b"")


def test_a_character_in_two_posts_is_held_over() -> None:
    assert whole_text(b"Gr\xc3", "utf-8") == ("Gr", b"\xc3")
    assert whole_text(b"\xbc", "utf-8", held=b"\xc3") == ("ü", b"")


def test_bytes_that_were_held_and_do_not_go_on_block_no_later_post() -> None:
    assert whole_text("Grün".encode(), "utf-8", held=b"\xc3") == ("Grün", b"")
    assert isinstance(whole_text(b"\xff", "utf-8", held=b"\xc3"), Refusal)


@pytest.mark.parametrize(
    ("data", "charset"), [(b"\xff\xfe\xfd", "utf-8"), (b"a", "utf-16"), (b"\x00\x01\x02\x03\x04", "utf-8")]
)
def test_what_is_no_text_is_refused(data: bytes, charset: str) -> None:
    assert isinstance(whole_text(data, charset), Refusal)


def test_a_stream_that_is_no_text_is_known_however_it_is_cut_and_some_control_characters_are_text() -> None:
    data = bytes(range(256))
    assert binary_stream(b"", data) == (True, data)
    before, found = b"", False
    for byte in data:
        binary, before = binary_stream(before, bytes([byte]))
        found = found or binary
    assert found
    captions = b"".join(b"\x01\x02%d We open the meeting of the forum here, all of you.\r\n" % row for row in range(9))
    assert binary_stream(b"", captions)[0] is False


def test_in_a_stream_a_byte_that_is_no_utf_8_is_read_as_windows_1252() -> None:
    assert lenient_text(b"Gr\xfc\xdfe \xc3") == ("Grüße ", b"\xc3")
    assert lenient_text(b"\xbc", b"\xc3") == ("ü", b"")


def test_what_telnet_negotiates_is_passed_over_however_it_is_cut() -> None:
    stream = b"a\xff\xfb\x01b\xff\xffc\xff\xf1\xff\xfa\x18\x00x\xff\xf0d"
    assert without_telnet(stream) == (b"ab\xffcd", b"")
    for cut in range(len(stream) + 1):
        first, held = without_telnet(stream[:cut])
        second, rest = without_telnet(held + stream[cut:])
        assert (first + second, rest) == (b"ab\xffcd", b"")
    assert without_telnet(b"a\xff\xfa" + b"x" * MOST_NEGOTIATED) == (b"a", b"")
