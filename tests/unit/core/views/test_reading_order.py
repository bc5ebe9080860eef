from __future__ import annotations

import json
from pathlib import Path

from moothall.core.views.reading_order import Turn, goes_before

CASES = json.loads((Path(__file__).parents[3] / "reading_order.json").read_text())


def test_lines_stand_in_the_order_of_time_but_for_what_trembles() -> None:
    for case in CASES["orders"]:
        placed: list[int] = []
        for n, t0 in enumerate(case["said"]):
            at = len(placed)
            while at and goes_before(t0, case["said"][placed[at - 1]]):
                at -= 1
            placed.insert(at, n)
        assert placed == case["order"], case


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
