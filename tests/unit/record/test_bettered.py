"""A line that an engine corrected, in every format: with the corrected text, and as a machine's."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from moothall.record.html import write_html
from moothall.record.json import write_json
from moothall.record.model import Record
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.text import write_text
from moothall.record.wording import Options
from support.sessions.record_maker import ENGINE, WORDING, Telling

ALL = Options(sources=True)
FORMATS: dict[str, Callable[[Record], str]] = {
    "html": lambda record: write_html(record, WORDING, ALL, ""),
    "json": lambda record: write_json(record, WORDING, ALL).decode(),
    "srt": lambda record: write_srt(record, WORDING, ALL),
    "text": lambda record: write_text(record, WORDING, ALL),
    "vtt": lambda record: write_vtt(record, WORDING, ALL),
}


def told() -> Telling:
    made = Telling()
    line = made.spoken("Good mourning, oil.", 1_000)
    made.correct(line, "Good morning, all.", words=3, by=ENGINE)
    return made


@pytest.mark.parametrize("name", FORMATS)
def test_it_reads_as_bettered_and_nobody_mended_it(name: str) -> None:
    written = FORMATS[name](told().record())
    assert "Good morning, all." in written
    assert "mourning" not in written
    assert WORDING.mended not in written


def test_its_origin_is_told_and_that_it_was_corrected() -> None:
    (line,) = json.loads(FORMATS["json"](told().record()))["lines"]
    assert (line["origin"], line["mended"], line["revision"]) == ("machine", False, 1)
    assert line["source"] == "Written by a machine"


def test_it_stands_as_long_as_it_was_said() -> None:
    assert "00:00:01,000 --> 00:00:02,100" in FORMATS["srt"](told().record())
