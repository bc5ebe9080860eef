"""A meeting's queue under another rule: who would have had their turn when, and how long the waits would have been.

    python bench/queue_order.py SESSION --order alternate [--data FOLDER]

Facts that the rule can't change stay as they were: when each question was approved, when turns began,
and how many there were.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.question_parts import InterventionStatus, QueueOrder, side_of
from moothall.core.events.types import AnyEvent
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.questions.interventions import Questions, Turn
from moothall.core.questions.order import queue
from moothall.core.sessions.state import State, evolve

PAGE = 500
MINUTE_MS = 60_000


_NAME = SessionId("simulated")


class Had(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that took place, and the question that the other rule would have called instead."""

    t: int
    """When the turn began, media ms."""
    was: InterventionId
    would: InterventionId


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The results for the questions of one origin (room, remote, hub) under a rule."""

    asked: int
    taken: int
    waits: tuple[int, ...]
    """Media ms from asking to turn, of each question that was called."""


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a queue under another rule."""

    turns: tuple[Had, ...]
    was: dict[str, Outcome]
    """Results by origin, as they were."""
    would: dict[str, Outcome]
    """Results by origin, as they would have been."""
    numbers: dict[InterventionId, int]
    """The questions' numbers, which people see."""


def simulated(events: Iterable[ev.AnyEvent | UnknownEvent | None], order: QueueOrder) -> Simulated:
    """Return the queue of a session's log under another rule.

    At each turn that took place, the rule chooses among the questions that had been approved by then and have had no
    turn under it. The chair's precedence, and removals from the queue for other reasons, apply as they were. A call
    that was undone, or put back for another question, doesn't count as a turn.
    """
    told = list(events)
    # The last events of questions whose words were removed go first: they alone still say what the questions were.
    told.sort(key=lambda event: not isinstance(event, qe.InterventionRemoved))
    told.sort(key=lambda event: not (isinstance(event, qe.InterventionPublished) and event.removed))
    begun = {(turn.intervention, turn.t) for turn in _folded(told).questions.turns}
    state, history, had = State(id=_NAME), list[Turn](), list[Had]()
    for event in told:
        calls = isinstance(event, qe.InterventionStatusChanged) and event.status is InterventionStatus.CALLED
        if calls and isinstance(event, qe.InterventionStatusChanged) and (event.intervention, event.t) in begun:
            begun.discard((event.intervention, event.t))
            chosen = _chosen(state.questions, event.intervention, had, history, order)
            had.append(Had(t=event.t, was=event.intervention, would=chosen))
            known = state.questions.get(chosen)
            if known is not None:
                history.append(Turn(intervention=chosen, origin=known.origin, asker=known.asker, t=event.t))
        state = evolve(state, event)
    questions = state.questions
    return Simulated(
        turns=tuple(had),
        was=_outcomes(questions, {each.was: each.t for each in had}),
        would=_outcomes(questions, {each.would: each.t for each in had}),
        numbers={name: each.number for name, each in questions.interventions.items()},
    )


def _folded(told: Iterable[ev.AnyEvent | UnknownEvent | None]) -> State:
    state = State(id=_NAME)
    for event in told:
        state = evolve(state, event)
    return state


def _chosen(
    questions: Questions, called: InterventionId, had: Sequence[Had], history: Sequence[Turn], order: QueueOrder
) -> InterventionId:
    """Return the question that the rule calls: one that waits, or one that was called in fact
    but not under the rule.
    """
    replace = msgspec.structs.replace
    waiting, taken, were = questions, {each.would for each in had}, {each.was for each in had}
    for each in questions.with_status(*InterventionStatus):
        if each.id in were or each.status is InterventionStatus.QUEUED:
            open_to_it = each.id not in taken and each.published
            waiting = waiting.with_(
                each.id, status=InterventionStatus.QUEUED if open_to_it else InterventionStatus.ANSWERED
            )
    found = queue(replace(waiting, turns=tuple(history), arranged=()), order)
    return found[0].intervention if found else called


def _outcomes(questions: Questions, turns: dict[InterventionId, int]) -> dict[str, Outcome]:
    sides: dict[str, list[tuple[int, int | None]]] = {}
    for each in questions.with_status(*InterventionStatus):
        sides.setdefault(side_of(each.origin), []).append((each.t, turns.get(each.id)))
    return {
        side: Outcome(
            asked=len(times),
            taken=sum(turn is not None for _, turn in times),
            waits=tuple(turn - asked for asked, turn in times if turn is not None),
        )
        for side, times in sorted(sides.items())
    }


def simulate_command(data: Path, session: str, order: QueueOrder, out: TextIO) -> int:
    """Print the queue of a session under another rule; returns 1 when there is no such session.

    Raises ConfigurationError, RecordBroken and StorageUnavailable when the log can't be read.
    """
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
    for side, was in found.was.items():
        would = found.would[side]
        row = f"{side:<8} {was.asked:>6} {was.taken:>6} {would.taken:>6} {_median(was):>6} {_median(would):>6}"
        print(row, file=out)
    return 0


def _median(outcome: Outcome) -> str:
    if not outcome.waits:
        return "-"
    ordered = sorted(outcome.waits)
    return f"{ordered[len(ordered) // 2] / MINUTE_MS:.1f}"


def _events(reader: LogReader, session: SessionId) -> Iterator[AnyEvent | UnknownEvent | None]:
    after = 0
    while page := reader.read(session, after, PAGE):
        for record in page:
            yield None if record.body is None else decode_event(record.body)
        after = page[-1].header.offset


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Replay the queue of a meeting under another rule.")
    parser.add_argument("session", help="the meeting's name, as in its address")
    parser.add_argument("--order", choices=[order.value for order in QueueOrder], required=True, help="the other rule")
    parser.add_argument("--data", type=Path, default=Path("data"), help="the server's data folder")
    arguments = parser.parse_args()
    return simulate_command(arguments.data, arguments.session, QueueOrder(arguments.order), sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
