from __future__ import annotations

import json
from pathlib import Path

import pytest

from moothall.core.views.reading_order import (
    BREAK,
    BREAK_SET_BACK,
    MAX_GAPS,
    NOT_RECORDED,
    Gap,
    SpeakerTurn,
    after_break,
    goes_before,
    not_kept,
    with_gap,
    with_spans,
)

CASES = json.loads((Path(__file__).parents[3] / "support/files/reading_order.json").read_text())


def test_lines_stand_in_the_order_of_time_but_for_what_trembles() -> None:
    for case in CASES["orders"]:
        placed: list[int] = []
        for n, t0 in enumerate(case["said"]):
            at = len(placed)
            while at and goes_before(t0, case["said"][placed[at - 1]]):
                at -= 1
            placed.insert(at, n)
        assert placed == case["order"], case


def test_a_span_without_text_stands_before_the_first_line_that_began_at_its_beginning_or_later() -> None:
    lines = [Gap(t0=t0, t1=t0, reason="line") for t0 in (10, 20, 29)]
    a, b, c = (Gap(t0=t0, t1=t0 + 5, reason="break") for t0 in (0, 20, 30))
    found = list(with_spans(lines, [a, b, c], lambda line: line.t0))
    assert found == [a, lines[0], b, *lines[1:], c]
    assert list(with_spans([], [a, b], lambda _: 0)) == [a, b]
    assert list(with_spans(lines, [], lambda line: line.t0)) == lines


def test_a_line_without_a_speaker_or_of_another_voice_ends_the_block_above_it() -> None:
    for case in CASES["turns"]:
        turn, found = SpeakerTurn(), []
        for n, name in enumerate(case["rows"]):
            if name is None:
                turn = turn.broken()
                continue
            found.append(heading := turn.then(name, changes=n in case.get("changes", [])))
            turn = heading.turn
        assert [heading.name for heading in found] == case["headings"], case
        assert [heading.begins for heading in found] == case["begins"], case


def gap(t0: int, t1: int, reason: str = "overload") -> Gap:
    return Gap(t0=t0, t1=t1, reason=reason)


def test_the_last_ones_are_kept_in_order_of_time() -> None:
    gaps: tuple[Gap, ...] = ()
    for n in range(MAX_GAPS + 2):
        gaps = with_gap(gaps, gap(10 * n, 10 * n + 1))
    assert [each.t0 for each in gaps] == [10 * n for n in range(2, MAX_GAPS + 2)]
    assert [each.t0 for each in with_gap((gap(5, 6), gap(50, 60)), gap(7, 9))] == [5, 7, 50]


@pytest.mark.parametrize(
    ("t0", "t1", "said", "told"),
    [
        (50, 90, 90, (gap(50, 90, BREAK),)),
        (50, 70, 90, (gap(50, 70, BREAK_SET_BACK),)),
        (50, 50, 90, (gap(50, 50, BREAK_SET_BACK),)),
        (50, 40, 90, (gap(50, 50, BREAK_SET_BACK),)),
        (50, 50, 50, ()),
        (None, 70, 90, ()),
    ],
)
def test_a_break_that_is_over_is_told_of(t0: int | None, t1: int, said: int, told: tuple[Gap, ...]) -> None:
    assert after_break((), t0, t1, said) == told


def test_what_failed_pushes_out_nothing_that_was_meant() -> None:
    gaps: tuple[Gap, ...] = ()
    for t in range(MAX_GAPS + 2):
        gaps = with_gap(gaps, gap(t, t + 1))
    gaps = not_kept(gaps, 10, 20)
    assert [(each.t0, each.reason) for each in gaps[8:10]] == [(10, "overload"), (10, NOT_RECORDED)]
    assert (len(gaps), gaps[0].t0) == (MAX_GAPS + 1, 2)


def test_a_span_that_is_empty_or_whose_beginning_is_gone_is_none() -> None:
    assert not_kept((), None, 5) == not_kept((), 5, 5) == ()
