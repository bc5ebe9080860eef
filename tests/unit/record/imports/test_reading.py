from __future__ import annotations

import json

import pytest

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.past import NAMES
from moothall.record.imports.reading import read_past
from unit.record.imports.test_own_json import LEAST

FILES = {
    "vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nHi.",
    "srt": "\n1\n00:00:01,000 --> 00:00:02,000\nHi.",
    "ttml": '<?xml version="1.0"?>\n<tt><body><p begin="1s" end="2s">Hi.</p></body></tt>',
    "akn": "<debate><debateBody><speech><p>Hi.</p></speech></debateBody></debate>",
    "txt": "ANN: Hi.",
    "json": json.dumps(LEAST),
}


@pytest.mark.parametrize("form", NAMES)
def test_the_content_says_which_format_it_is(form: str) -> None:
    assert read_past(FILES[form].encode()).form == form


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ImportRefused, match="empty"):
        read_past(b" \n")


def test_hidden_characters_behind_marks_go_too() -> None:
    times = (b"00:01.000 --> 00:02.000", b"00:02.000 --> 00:03.000", b"00:03.000 --> 00:04.000")
    said = (b"Hi&#x202e;,", b"&#x202e;", b"you.")
    cues = b"".join(time + b"\n" + text + b"\n\n" for time, text in zip(times, said, strict=True))
    assert [line.text.split() for line in read_past(b"WEBVTT\n\n" + cues).lines] == [["Hi,", "you."]]


def test_a_file_of_hidden_characters_alone_is_refused() -> None:
    with pytest.raises(ImportRefused, match="Nothing"):
        read_past(b"WEBVTT\n\n00:01.000 --> 00:02.000\n&#x202e;\n")
