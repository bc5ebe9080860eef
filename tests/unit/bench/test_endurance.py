from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import endurance
from endurance import Follower, Log
from footprint import Footprint, Growth
from moothall.core.events.lines import Word
from moothall_models.ports import RATE
from recordings import load, save

ROWS = [
    {"kind": "partial", "segment": "a", "text": "well"},
    {"kind": "commit", "segment": "a", "text": "well then", "t0": 0.5, "t1": 1.25},
    {"kind": "correct", "segment": "a", "text": "Well, then"},
]


def test_what_the_reader_writes_is_taken_in_line_by_line(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    follower = Follower(rows)
    follower.read()
    assert (follower.said, follower.audio) == ([], 0.0)
    text = "".join(json.dumps(row) + "\n" for row in ROWS)
    half = text.index("correct")
    rows.write_text(text[:half], encoding="utf-8")
    follower.read()
    assert (follower.said, follower.audio) == ([("a", "wellthen")], 1.25)
    rows.write_text(text, encoding="utf-8")
    follower.read()
    assert follower.said == [("a", "wellthen"), ("a", "Well,then")]


def test_a_recording_is_looped_to_the_bit(tmp_path: Path) -> None:
    samples = (np.random.default_rng(1).integers(-32_768, 32_767, RATE) / 32_768).astype(np.float32)
    save(tmp_path / "a.flac", samples)
    times, length = endurance.loop(tmp_path / "a.flac", 2.5 / 60, tmp_path / "loop.wav")
    assert (times, length) == (3, 1.0)
    once = load(tmp_path / "a.flac")
    assert np.array_equal(load(tmp_path / "loop.wav"), np.concatenate([once, once, once]))


def test_an_utterance_without_a_word_is_found_in_its_loop(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"start": at, "end": at + 1.0}) + "\n" for at in (1.0, 4.0)), encoding="utf-8"
    )
    words = [Word(text="x", t0=1_000 * at, t1=1_000 * at + 400) for at in (1, 4, 11)]
    assert endurance.without_words(tmp_path / "a.jsonl", 2, 10.0, words) == [(1, 4.0)]


def test_what_the_reader_got_has_to_be_what_the_log_holds() -> None:
    log = Log([("a", "well"), ("b", "then")], [], 2, 2, 0)
    assert endurance.compare(log, log.said, []) == []
    assert endurance.compare(log, log.said[:1], []) == [
        "The reader got 1 changes, the log holds 2; they differ at the end."
    ]
    assert endurance.compare(log._replace(opened=3, gaps=1), [("a", "well"), ("b", "thus")], [(0, 1.5)]) == [
        "The reader got 2 changes, the log holds 2; they differ from change 2 on.",
        "3 lines began and 2 ended.",
        "The log has 1 gaps.",
        "No word stands for the utterance at 1.5 s of loop 1.",
    ]


def test_memory_is_judged_of_server_and_engine() -> None:
    grown = [Growth("server", 2.0, 9.0, 120.0), Growth("engine", 2.0, 5.5, 400.0), Growth("reader", 2.0, 99.0, 70.0)]
    assert endurance.judge(grown, 601.0, 5.0, 600.0) == [
        "The server grew by 9.0 MB an hour over 2.0 hours of sound.",
        "The engine had 601 MB; 600 are allowed.",
    ]


@pytest.mark.parametrize("looks", [1, 31, 95])
def test_the_table_has_some_of_the_looks_and_the_last(looks: int) -> None:
    shown = endurance.table([Footprint(n, 60.0 * n, {"server": 1.0}, 0.0, 0.0) for n in range(looks)]).splitlines()
    assert len(shown) <= endurance.ROWS + 3
    assert shown[-1].startswith(f"| {looks - 1}")
