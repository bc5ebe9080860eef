from __future__ import annotations

import json
from pathlib import Path

from moothall.core.views.gaps import Gap
from moothall.core.views.reading_order import Turn, goes_before, with_spans

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


def test_a_line_without_a_speaker_ends_the_block_above_it() -> None:
    for case in CASES["turns"]:
        turn, found = Turn(), []
        for name in case["rows"]:
            if name is None:
                turn = turn.broken()
                continue
            found.append(heading := turn.then(name))
            turn = heading.turn
        assert [heading.name for heading in found] == case["headings"], case
        assert [heading.begins for heading in found] == case["begins"], case
