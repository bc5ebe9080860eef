"""Builds what desks that lead a discussion get about its questions: all of it first, then the changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

import msgspec

from moothall.core.commands import SetStatus
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.likeness import Likenesses
from moothall.core.questions.order import mean_turn_ms, queue
from moothall.core.questions.polls import shown_polls
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES
from moothall.core.rules.turn_times import turn_now
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State
from moothall.core.views.question_moments import SpokenLines, said_at

LEADERS = frozenset(role for role in STAFF_ROLES if SetStatus in COMMANDS[role])
"""Roles whose desks get the questions."""
NEW_MS = 60_000
"""How long after a question the line that the speaker was saying is looked up again, in ms: its words arrive later than
the question."""
POLLS = 20
"""Most shows of hands that are sent to desks: the open one, and the newest others."""
NEWEST = 200
"""Most questions that a desk gets at once, in addition to those in the queue."""
MOST_BYTES = 1_000_000
"""Most bytes of questions in one message. Clients of Socket.IO usually accept 4 MB, and the first message holds the
text too."""
_QUEUE = (InterventionStatus.QUEUED, InterventionStatus.CALLED)
_COMPARED = (InterventionStatus.CHECKED, InterventionStatus.QUEUED, InterventionStatus.LATER)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The line that the speaker was saying when a question was asked."""

    segment: SegmentId
    t0: int
    text: str
    language: str


class DeskQuestions:
    """The questions of one session as they were last sent to its desks."""

    def __init__(self) -> None:
        self._questions = Questions()
        self._said: dict[InterventionId, Said | None] = {}
        self._around: dict[str, object] = {}
        self._paragraphs: Mapping[InterventionId, int] = {}
        """The paragraphs of a document to which its comments belong."""
        self._likenesses = Likenesses()
        self._lines = SpokenLines()

    def whole(self) -> dict[str, object]:
        """What a desk gets when it is opened, of plain values for JSON: the queue, and the newest other questions.

        `more` describes the questions that are left out: `count` of them, with numbers below `before`; null where none
        is.
        """
        waiting = self._questions.with_status(*_QUEUE)
        others = [each for each in self._questions.with_status(*InterventionStatus) if each.status not in _QUEUE]
        first, left = self._fitting(waiting, MOST_BYTES)
        newest, _ = self._fitting(others[::-1][:NEWEST], left)
        begin = self._questions.last + 1
        if len(first) == len(waiting):
            begin = others[-len(newest)].number if newest else begin
        sent = sorted([*first, *newest], key=itemgetter("number"))
        ids = {each["id"] for each in sent}
        rest = [each for each in self._questions.with_status(*InterventionStatus) if each.id not in ids]
        more = {"before": begin, "count": len(rest), "checked": _checked(rest)} if rest else None
        return {**self._around, "whole": True, "items": sent, "gone": [], "more": more}

    def older(self, before: int) -> dict[str, object]:
        """The questions below a number, newest first, as many as one message holds; `more` as in `whole`."""
        first, _ = self._fitting(self._questions.with_status(*_QUEUE), MOST_BYTES)
        there = {each["id"] for each in first}  # Every desk got these when it was opened.
        known = (
            each
            for each in self._questions.with_status(*InterventionStatus)
            if each.number < before and each.id not in there
        )
        below = sorted(known, key=lambda each: -each.number)
        items, _ = self._fitting(below[:NEWEST], MOST_BYTES)
        rest = below[len(items) :]
        more = None
        if rest:
            more = {"before": below[len(items) - 1].number, "count": len(rest), "checked": _checked(rest)}
        return {"items": items, "more": more}

    def _fitting(self, some: Sequence[Intervention], most: int) -> tuple[list[dict[str, object]], int]:
        """The first questions that fit into `most` bytes, at least one; and the number of bytes left."""
        found: list[dict[str, object]] = []
        for each in some:
            plain = self._plain(each)
            size = len(msgspec.json.encode(plain))
            if found and size > most:
                break
            found.append(plain)
            most -= size
        return found, most

    def news(self, state: State, wall: int, *, anew: bool = False) -> dict[str, object] | None:
        """The changes since the last call; None where there are none. `anew`: look up again, for all questions, what
        was being said.
        """
        before, self._questions = self._questions, state.questions
        everything = state.questions.with_status(*InterventionStatus)
        changed = {each.id for each in everything if before.get(each.id) is not each}
        placed, self._paragraphs = self._paragraphs, state.outcomes.document.comments
        if self._paragraphs is not placed:
            changed |= {each.id for each in everything if placed.get(each.id) != self._paragraphs.get(each.id)}
        changed |= self._look_for_said(state, everything, wall, anew=anew)
        gone = [each.id for each in before.with_status(*InterventionStatus) if state.questions.get(each.id) is None]
        for name in gone:
            self._said.pop(name, None)
        around = self._around
        if state.questions is not before or not around:
            around = self._now_around(state.questions)
        around = {**around, **_turn(state)}
        if not changed and not gone and around == self._around:
            return None
        self._around = around
        items = [self._plain(each) for each in everything if each.id in changed]
        return {**around, "whole": False, "items": items, "gone": gone}

    def _look_for_said(
        self, state: State, everything: Sequence[Intervention], wall: int, *, anew: bool
    ) -> set[InterventionId]:
        """Look up what was being said when questions were asked; return the ids of those for which the answer has
        changed.
        """
        since = state.media_now(wall) - NEW_MS
        due = [each for each in everything if anew or each.t >= since or each.id not in self._said]
        lines = self._lines.of(state) if due else ()
        found: set[InterventionId] = set()
        for each in due:
            said = _said(said_at(lines, each.t, kept=state.kept(each.t)))
            if each.id not in self._said or self._said[each.id] != said:
                self._said[each.id] = said
                found.add(each.id)
        return found

    def _now_around(self, questions: Questions) -> dict[str, object]:
        texts: dict[InterventionId, str] = {}
        for each in questions.with_status(*_COMPARED):
            if each.text:
                texts[each.id] = each.text
        return {
            "queue": [msgspec.to_builtins(each) for each in queue(questions)],
            "order": questions.order.value,
            "known": questions.known_only,
            "arranged": list(questions.arranged),
            "called": questions.called,
            "mean": mean_turn_ms(questions.turns),
            "polls": [msgspec.to_builtins(each) for each in shown_polls(questions.polls)[:POLLS]],
            "alike": [list(group) for group in self._likenesses.groups(texts)],
        }

    def _plain(self, each: Intervention) -> dict[str, object]:
        plain = {name: value for name, value in msgspec.to_builtins(each).items() if name != "asker"}
        paragraph = self._paragraphs.get(each.id, 0)
        return {**plain, "said": msgspec.to_builtins(self._said.get(each.id)), "paragraph": paragraph}


def parts_of(body: dict[str, object]) -> Iterator[dict[str, object]]:
    """Split a message into parts that any client accepts: after a flood of questions its items may be very many."""
    items, part, size = body["items"], list[object](), 0
    assert isinstance(items, list)  # noqa: S101  # `news` has made it
    for item in items:
        bytes_of = len(msgspec.json.encode(item))
        if part and size + bytes_of > MOST_BYTES:
            yield {**body, "items": part, "gone": []}
            part, size = [], 0
        part.append(item)
        size += bytes_of
    yield {**body, "items": part}


def _checked(some: Sequence[Intervention]) -> int:
    return sum(each.status is InterventionStatus.CHECKED for each in some)


def _turn(state: State) -> dict[str, object]:
    """The present turn: since when, how long it may take, whether its author types, until when it is held, and whether
    it may be longer.
    """
    now, limit = turn_now(state), state.questions.limit
    if now is None:
        return {"turn": None, "limit": limit, "time": limit, "typed": False, "begin": None, "longer": False}
    return {
        "turn": now.since,
        "limit": limit,
        "time": now.time,
        "typed": now.typed,
        "begin": now.begin,
        "longer": now.longer,
    }


def _said(line: Segment | None) -> Said | None:
    if line is None:
        return None
    return Said(segment=line.id, t0=line.t0, text=line.whole.strip(), language=line.language)
