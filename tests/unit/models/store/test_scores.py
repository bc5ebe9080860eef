from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from moothall.core.kernel.errors import MoothallError
from moothall.core.translation.routes import Direction, Route, RouteScore
from moothall.wire.translation import MOST_SCORES
from moothall_models.store.scores import FILE, KeptScores, way_of
from moothall_models.translators.echo import DIRECTIONS
from moothall_models.translators.sentence_set import EDITION

EN_PT, _, PT_ES, _ = DIRECTIONS


def scored(*hops: Direction, chrf2: float = 80.0) -> Route:
    return Route(hops=hops, score=RouteScore(chrf2=chrf2, ms=9.0, p95_ms=20.0, sentences=40))


def test_scores_are_kept_beside_those_of_other_ways_and_seen_by_who_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "scores"
    reading, writing = KeptScores(folder), KeptScores(folder)
    assert reading.read() == {}
    writing.keep([scored(EN_PT), scored(EN_PT, PT_ES, chrf2=70.0), Route(hops=(PT_ES,))])
    seen = reading.read()
    assert {way: score.chrf2 for way, score in seen.items()} == {way_of([EN_PT]): 80.0, way_of([EN_PT, PT_ES]): 70.0}
    assert reading.read() is seen, "nothing has changed"
    writing.keep([scored(EN_PT, chrf2=81.0)])
    assert {score.chrf2 for score in reading.read().values()} == {81.0, 70.0}
    (folder / FILE).unlink()
    assert reading.read() == {}
    assert reading.read() == {}


def test_another_version_of_a_model_has_none(tmp_path: Path) -> None:
    scores = KeptScores(tmp_path)
    scores.keep([scored(EN_PT)])
    assert way_of([EN_PT]) in scores.read()
    assert way_of([msgspec.structs.replace(EN_PT, version="tiny-0123abcd")]) not in scores.read()


def test_scores_of_other_sentences_and_a_damaged_file_are_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scores, path = KeptScores(tmp_path), tmp_path / FILE
    scores.keep([scored(EN_PT)])
    kept = json.loads(path.read_bytes())
    path.write_text(json.dumps(kept | {"edition": EDITION + 1}), "utf-8")
    assert scores.read() == {}
    path.write_text("{", "utf-8")
    assert scores.read() == {}
    assert "are shown without scores" in caplog.text
    scores.keep([scored(EN_PT)])
    assert len(scores.read()) == 1


def test_there_are_so_many_at_most_and_the_oldest_go(tmp_path: Path) -> None:
    scores = KeptScores(tmp_path)
    scores.keep([scored(EN_PT)])
    scores.keep([scored(msgspec.structs.replace(EN_PT, version=f"v{number}")) for number in range(MOST_SCORES)])
    assert len(scores.read()) == MOST_SCORES
    assert way_of([EN_PT]) not in scores.read()


def test_what_keeps_them_from_being_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MoothallError, match="can't be used"):
        KeptScores(tmp_path / "file").keep([scored(EN_PT)])
    assert KeptScores(tmp_path / "file").read() == {}
