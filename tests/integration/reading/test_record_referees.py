"""The records' files in independent readers: the W3C's parser, FFmpeg and pysubs2.

pysubs2 doesn't decode WebVTT's text (it keeps tags' contents and the next cue's name), so only its times are compared.
"""

from __future__ import annotations

import io
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import av
import pysubs2
import pytest
from av.subtitles.subtitle import AssSubtitle
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from moothall.record.imports.past import NoteList
from moothall.record.imports.vtt import blocks_in
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.wording import Options
from support.browser.node import SCRIPTS, module, node
from support.record.golden import golden_records
from support.sessions.caption_readers import Shown, read_srt, read_vtt
from support.sessions.record_maker import WORDING, hostile_records, meeting

MEETING = meeting().record()
PLAIN = Options()
MARKED = Options(speakers=False, marks=True)


def test_the_w3c_parser_finds_no_fault_and_the_same_cues() -> None:
    program, parser = node(), module("webvtt-parser")
    told = [MEETING, meeting(closed=False).record(), *golden_records().values(), *hostile_records()]
    texts = [write_vtt(record, WORDING, options) for record in told for options in (PLAIN, MARKED)]
    run = subprocess.run(
        [program, str(SCRIPTS / "read_vtt.js"), str(parser)],
        input=json.dumps(texts),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    found: list[Any] = json.loads(run.stdout)
    assert len(found) == len(texts) > 100
    for text, file in zip(texts, found, strict=True):
        assert file["errors"] == []
        ordered = sorted(read_vtt(text), key=lambda cue: (cue.t0, -cue.t1))  # as the standard has players order them
        mine = [{"id": cue.id, "start": cue.t0, "end": cue.t1, "text": cue.body} for cue in ordered]
        assert file["cues"] == mine


def test_the_w3c_parser_would_have_found_a_fault() -> None:
    program, parser = node(), module("webvtt-parser")
    faults = ["WEBVTT\n\na\n00:01.000 --> 00:00.000\nx\n", "WEBVTT\n\n00:00.000 --> 00:01.000\n<b>x\n"]
    run = subprocess.run(
        [program, str(SCRIPTS / "read_vtt.js"), str(parser)],
        input=json.dumps(faults),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert all(file["errors"] for file in json.loads(run.stdout))


def decoded(text: str, form: str) -> list[tuple[int, int, str]]:
    """(start, end, text) of each cue as FFmpeg decodes it; times in ms."""
    found = []
    with av.open(io.BytesIO(text.encode()), "r", format=form) as container:
        for packet in container.demux(subtitles=0):
            for subtitle in packet.decode():
                assert isinstance(subtitle, AssSubtitle)
                assert packet.pts is not None
                assert packet.duration is not None
                assert packet.time_base is not None
                start, end = (int(at * packet.time_base * 1000) for at in (packet.pts, packet.pts + packet.duration))
                # ReadOrder, Layer, Style, Name, three margins, Effect, Text
                dialogue = subtitle.ass.decode().split(",", 8)[8]
                found.append((start, end, dialogue.replace("\\N", "\n")))
    return found


def lines_of(cues: list[Shown]) -> list[tuple[int, int, str]]:
    return [(cue.t0, cue.t1, "\n".join(cue.lines)) for cue in cues]


@pytest.mark.parametrize("options", [PLAIN, MARKED], ids=["plain", "marked"])
def test_ffmpeg_shows_what_was_said(options: Options) -> None:
    vtt, srt = write_vtt(MEETING, WORDING, options), write_srt(MEETING, WORDING, options)
    assert decoded(srt, "srt") == lines_of(read_srt(srt))
    # It escapes what would be a command in ASS, and only there.
    shown = [(t0, t1, text.replace("\\{{}", "{").replace("\u2060", "")) for t0, t1, text in decoded(vtt, "webvtt")]
    assert shown == lines_of(read_vtt(vtt))


def test_ffmpeg_finds_every_cue_of_any_record() -> None:
    for record in hostile_records():
        srt, vtt = write_srt(record, WORDING, PLAIN), write_vtt(record, WORDING, PLAIN)
        assert [times[:2] for times in decoded(srt, "srt")] == [(cue.t0, cue.t1) for cue in read_srt(srt)]
        assert [times[:2] for times in decoded(vtt, "webvtt")] == [(cue.t0, cue.t1) for cue in read_vtt(vtt)]


def test_pysubs2_reads_subrip_as_it_is_and_the_times_of_webvtt(tmp_path: Path) -> None:
    srt, vtt = write_srt(MEETING, WORDING, PLAIN), write_vtt(MEETING, WORDING, PLAIN)
    for name, text in (("a.srt", srt), ("a.vtt", vtt)):
        (tmp_path / name).write_bytes(text.encode())
    read = pysubs2.load(str(tmp_path / "a.srt"))
    assert [(each.start, each.end, each.plaintext.strip("\n")) for each in read] == lines_of(read_srt(srt))
    read = pysubs2.load(str(tmp_path / "a.vtt"))
    assert [(each.start, each.end) for each in read] == [(cue.t0, cue.t1) for cue in read_vtt(vtt)]


def test_pysubs2_finds_every_cue_of_any_subrip_record(tmp_path: Path) -> None:
    for record in hostile_records():
        srt = write_srt(record, WORDING, PLAIN)
        (tmp_path / "a.srt").write_bytes(srt.encode())
        read = pysubs2.load(str(tmp_path / "a.srt"), format_="srt")
        assert [(each.start, each.end) for each in read] == [(cue.t0, cue.t1) for cue in read_srt(srt)]


_TIMES = (
    "00:01.000 --> 00:02.000", "00:00:03.000-->00:00:04.000 align:start", "1:00:00.000 --> 100:00:00.000",
    "00:61.000 --> 00:62.000", "00:01.00 --> 00:02.000", "  00:05.000\t-->  00:06.000  ", "00:07.000 --> 00:08.0000",
    "00:09.000 -> 00:10.000", "60:00.000 --> 61:00.000", "NOTE x", "STYLE",
)  # fmt: skip
_BLOCK = st.builds(
    lambda name, time, text: "\n".join([*name, time, *text]),
    st.sampled_from([(), ("id",), ("1",), ("a b",)]),
    st.sampled_from(_TIMES),
    st.lists(st.sampled_from(["a<b>c</b>", "word", " ", "&lt;", "NOTE"]), max_size=3),
)


@cache
def strange_files() -> list[str]:
    """WebVTT files with faults that nobody has thought of, the same in every run."""
    found: list[str] = []

    @given(st.sampled_from(["WEBVTT", "WEBVTT a\nb: c"]), st.lists(_BLOCK, max_size=9), st.integers(2, 4))
    @settings(max_examples=200, phases=[Phase.generate], derandomize=True, database=None)
    def collect(head: str, blocks: list[str], between: int) -> None:
        found.append(("\n" * between).join([head, *blocks]))

    collect()
    return found


def test_the_w3c_parser_finds_the_captions_that_an_import_finds() -> None:
    program, parser = node(), module("webvtt-parser")
    run = subprocess.run(
        [program, str(SCRIPTS / "read_vtt.js"), str(parser)],
        input=json.dumps(strange_files()),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    for text, file in zip(strange_files(), json.loads(run.stdout), strict=True):
        _, captions, _ = blocks_in(text.split("\n"), NoteList())
        ordered = sorted(captions, key=lambda each: (each.t0, -each.t1))
        mine = [(each.id, each.t0, each.t1, "\n".join(each.rows)) for each in ordered]
        assert [(cue["id"], cue["start"], cue["end"], cue["text"]) for cue in file["cues"]] == mine, text
