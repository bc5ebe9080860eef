from __future__ import annotations

from room_figures import LEAST, by_minute, cuts, stages
from support.sound.utterances import line


def commit(text: str, t0: float, t1: float) -> dict[str, object]:
    return {"at": t1 + 1, "kind": "commit", "segment": "s", "text": text, "t0": t0, "t1": t1}


def test_words_are_counted_by_the_minute_in_which_they_were_said() -> None:
    said = [line("one two", 1, 2), line("three four", 59, 61)]
    rows = [commit("One two.", 1, 2), commit("Four", 60.2, 61), {"at": 9.0, "kind": "partial", "segment": "s"}]
    assert by_minute(said, rows, 2) == [(2, 2), (2, 1)]
    assert LEAST > 2, "in a minute of so few words nothing is missed"


def test_pieces_begin_between_lines_and_a_short_rest_belongs_to_the_last() -> None:
    said = [line("word", t, t + 1) for t in range(0, 1_500, 100)]
    assert list(cuts(said)) == [6]
    assert list(cuts(said[:8])) == []


def test_the_stages_of_a_room_are_read_from_the_log() -> None:
    log = [
        "2026-12-01 15:31:09,611 INFO moothall_models.engine.session: session a channel floor: stage 3, no search",
        "2026-12-01 15:31:11,000 INFO moothall.services.desks: session a: a desk is open",
        "2026-12-01 15:31:19,611 INFO moothall_models.engine.session: session a channel floor: stage 0, usual",
    ]
    (first, stage), (last, then) = stages(log)["a"]
    assert (stage, then, round(last - first, 3)) == (3, 0, 10.0)
