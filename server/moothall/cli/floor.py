"""`moothall floor simulate`: a queue that has been, under another rule."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from moothall.core.events.question_parts import Order

if TYPE_CHECKING:
    from moothall.adapters.store.sqlite_file import LogReader
    from moothall.core.events.codec import UnknownEvent
    from moothall.core.events.types import AnyEvent
    from moothall.core.kernel.ids import SessionId
    from moothall.core.questions.simulating import Outcome

PAGE = 500
MINUTE_MS = 60_000


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add it to the parser."""
    floor = commands.add_parser("floor", help="look at a meeting's queue", description="Look at a meeting's queue.")
    below = floor.add_subparsers(required=True, metavar="WHAT")
    simulate = below.add_parser(
        "simulate",
        help="replay a queue under another rule",
        description="Replay the queue of a meeting under another rule: who would have had their turn when.",
    )
    simulate.add_argument("session", help="the meeting's name, as in its address")
    simulate.add_argument("--order", choices=[order.value for order in Order], required=True, help="the other rule")
    simulate.add_argument("--data", type=Path, default=Path("data"), help="the server's data folder")
    simulate.set_defaults(run=_simulate)


def _simulate(arguments: argparse.Namespace) -> int:
    return simulate_command(arguments.data, arguments.session, Order(arguments.order), sys.stdout)


def simulate_command(data: Path, session: str, order: Order, out: TextIO) -> int:
    """Print the queue of a session under another rule; returns 1 when there is no such session.

    Raises ConfigurationError, RecordBroken and StorageUnavailable when the log can't be read.
    """
    from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
    from moothall.core.kernel.ids import SessionId
    from moothall.core.questions.simulating import simulated

    reader = LogReader(open_for_reading(data / FILE_NAME))
    try:
        if session not in reader.sessions():
            print(f"There is no session '{session}' in this log.", file=out)
            return 1
        found = simulated(_events(reader, SessionId(session)), order)
    finally:
        reader.close()
    print(f"{len(found.turns)} turns. As it was, and by the rule '{order}':\n", file=out)
    print(f"{'when':>8}  {'was':<9} would have been", file=out)
    for turn in found.turns:
        minutes, seconds = divmod(turn.t // 1_000, 60)
        had, other = (f"no. {found.numbers.get(name, 0)}" for name in (turn.was, turn.would))
        print(f"{minutes:>5}:{seconds:02}  {had:<9} {'the same' if other == had else other}", file=out)
    print(f"\n{'from':<8} {'asked':>6} {'taken':>6} {'would':>6} {'wait':>6} {'would':>6}  (minutes, median)", file=out)
    for place, was in found.was.items():
        would = found.would[place]
        row = f"{place:<8} {was.asked:>6} {was.taken:>6} {would.taken:>6} {_median(was):>6} {_median(would):>6}"
        print(row, file=out)
    return 0


def _median(outcome: Outcome) -> str:
    if not outcome.waits:
        return "-"
    ordered = sorted(outcome.waits)
    return f"{ordered[len(ordered) // 2] / MINUTE_MS:.1f}"


def _events(reader: LogReader, session: SessionId) -> Iterator[AnyEvent | UnknownEvent | None]:
    from moothall.core.events.codec import decode_event

    after = 0
    while page := reader.read(session, after, PAGE):
        for record in page:
            yield None if record.body is None else decode_event(record.body)
        after = page[-1].header.offset
