from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from looped import MS, Round, longest_wait, rounds
from moothall_models.ports import RATE, VAD_FRAME
from recordings import save
from support.sound.utterances import line

ROUND = Round(np.arange(3 * RATE, dtype="<i2").tobytes(), (line("one two", 0.0, 1.0), line("three", 2.0, 2.5)))


def test_the_sound_goes_round() -> None:
    assert ROUND.sound(0, 3_000) == ROUND.pcm
    assert ROUND.sound(2_999, 3_001) == ROUND.pcm[-2 * MS :] + ROUND.pcm[: 2 * MS]
    assert ROUND.sound(3_000, 12_000) == ROUND.pcm * 3
    assert ROUND.sound(7_000, 7_000) == b""


def test_what_was_said_goes_round_as_well_and_a_line_that_is_cut_has_its_whole_words() -> None:
    said = list(ROUND.said(3.6))
    assert [(each["text"], each["start"], each["end"]) for each in said] == [
        ("one two", 0.0, 1.0),
        ("three", 2.0, 2.5),
        ("one", 3.0, 3.5),
    ]


def test_each_room_begins_between_two_other_lines(tmp_path: Path) -> None:
    samples = np.linspace(-0.5, 0.5, 4 * RATE, dtype=np.float32)
    save(tmp_path / "a.flac", samples)
    lines = [line("one two", 0.2, 1.0), line("three", 2.0, 2.5), line("four", 3.0, 3.5)]
    (tmp_path / "a.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in lines), encoding="utf-8")
    first, second = rounds(tmp_path / "a.flac", 2)
    assert [each["text"] for each in first.lines] == ["one two", "three", "four"]
    assert [each["text"] for each in second.lines] == ["three", "four", "one two"]
    assert len(first.pcm) == len(second.pcm) == 4 * RATE // VAD_FRAME * VAD_FRAME * 2
    earlier = second.lines[2]["start"] - first.lines[0]["start"]
    at = round((4 * RATE // VAD_FRAME * VAD_FRAME / RATE - earlier) * RATE)
    assert at % VAD_FRAME == 0
    assert second.pcm == first.pcm[2 * at :] + first.pcm[: 2 * at]
    assert second.lines[0]["start"] == pytest.approx(2.0 - at / RATE, abs=0.001)


def test_the_longest_wait_is_from_a_words_end_to_anything_new() -> None:
    said = [line("one two", 1, 3), line("three", 5, 6)]
    assert longest_wait(said, [2.5, 3.5, 8.0], 10) == 2.0
    assert longest_wait(said, [2.5, 3.5], 10) == 4.0, "nothing came until the end"
    assert longest_wait(said, [], 5.5) == 3.5
    assert longest_wait([], [], 5.5) == 0.0
