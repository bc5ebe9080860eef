from __future__ import annotations

import asyncio
import io

from moothall.cli.progress import RecordingProgress
from moothall.testing.clock import ManualClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_for_each_tenth() -> None:
    out, clock = io.StringIO(), ManualClock()
    progress = RecordingProgress("talk.wav", out, clock)
    progress.begin(100_000, 0)
    for reached in (1_000, 9_000, 10_000, 12_000, 55_000, 54_000, 100_000):
        asyncio.run(clock.advance(1_000))
        progress.at(reached)
    progress.end()
    assert out.getvalue().splitlines() == [
        "talk.wav: 0:10 of 1:40, 10 %, 3.3 × real time",
        "talk.wav: 0:55 of 1:40, 55 %, 11.0 × real time",
        "talk.wav: 1:40 of 1:40, 100 %, 14.3 × real time",
    ]


def test_a_terminal_gets_a_bar_in_place() -> None:
    out, clock = Terminal(), ManualClock()
    progress = RecordingProgress("talk.wav", out, clock)
    progress.begin(100_000, 0)
    asyncio.run(clock.advance(1_000))
    progress.at(50_000)
    progress.end()
    last = out.getvalue().split("\r")[-1]
    assert last == f"talk.wav [{'#' * 14}{'.' * 14}] 0:50 of 1:40, 50 %, 50.0 × real time\x1b[K\n"


def test_it_says_where_it_goes_on_and_counts_only_what_it_does_itself() -> None:
    out, clock = io.StringIO(), ManualClock()
    progress = RecordingProgress("talk.wav", out, clock)
    progress.begin(None, 60_000)
    asyncio.run(clock.advance(10_000))
    progress.at(80_000)
    assert progress.speed == 2.0
    assert out.getvalue() == "talk.wav: goes on from 1:00.\n"
