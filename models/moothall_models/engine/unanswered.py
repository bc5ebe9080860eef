"""What an engine has asked of the server and has not got an answer to: sent in order, kept, sent again. Pure."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment
from moothall.core.events.types import GapReason
from moothall.core.kernel.errors import PASSING, ProtocolError, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.signals import Partial
from moothall.wire.engine import Act, EngineCommand, OtherReadings, ResumePoint

RETRY_FIRST_MS = 1_000
RETRY_LAST_MS = 5_000
"""How long an act that could not be stored waits: the first time, and at most."""
KEEP_MS = 600_000
"""Media time that unaccepted acts may span; the oldest words beyond it become a gap."""
LONGEST_PREFIX = 110
"""Leaves room for the number in an id of 128 characters."""


def act_prefix(session: SessionId, channel: ChannelId, generation: int) -> str:
    """What the ids of one attachment's acts begin with; a digest stands in for names that are too long."""
    prefix = f"{session}.{channel}.{generation}"
    if len(prefix) <= LONGEST_PREFIX:
        return prefix
    digest = hashlib.sha256(f"{session}\0{channel}".encode()).hexdigest()
    return f"{digest[:40]}.{generation}"


class UnansweredActs:
    """The acts of one attachment that the server has not accepted yet.

    Each is written at once, and several may be under way. When the server can't store one, it refuses all later
    ones too until that one comes again; new acts still go out once, so that readers see their words as "not yet
    saved". After a wait the first one is tried alone, and when it is accepted the others follow in order.
    """

    def __init__(self, prefix: str, attachment: int) -> None:
        """`prefix` as `act_prefix` makes it; `attachment` is its number on the link."""
        self._prefix = prefix
        self._attachment = attachment
        self._count = 0
        self._pending: list[Act] = []  # Bounded by KEEP_MS: older words are given up.
        self._under_way: deque[CommandId] = deque()  # Written and unanswered; at most all of `_pending`, twice.
        self._written = 0  # How many of `_pending` need not be written now.
        self._first_refused: CommandId | None = None
        self._trying = False
        self._delay = RETRY_FIRST_MS
        self._retry_at = 0

    @property
    def waiting(self) -> int:
        """How many acts have not been accepted."""
        return len(self._pending)

    @property
    def under_way(self) -> int:
        """How many written acts have no answer yet."""
        return len(self._under_way)

    @property
    def held_up(self) -> bool:
        """Whether the server can't store at the moment."""
        return self._first_refused is not None

    @property
    def retry_at(self) -> int | None:
        """When `take` has something to send again (ms, as `now`); None when nothing waits for that."""
        return self._retry_at if self.held_up and not self._under_way else None

    @property
    def overdue(self) -> bool:
        """Whether far more is waiting than may be kept, and nothing could be given up: the channel is lost."""
        return self._span() > 2 * KEEP_MS

    def add(
        self,
        commands: Sequence[EngineCommand],
        show: Partial | None = None,
        resume_point: ResumePoint | None = None,
        again: tuple[SegmentId, ...] = (),
        readings: tuple[OtherReadings, ...] = (),
    ) -> None:
        """Ask for `commands` as one act; `again` and `readings` as in `wire.engine.Act`."""
        self._count += 1
        act_id = CommandId(f"{self._prefix}.{self._count}")
        act = Act(
            attachment=self._attachment,
            id=act_id,
            commands=tuple(commands),
            show=show,
            resume_point=resume_point,
            again=again,
            readings=readings,
        )
        self._pending.append(act)
        while self.held_up and not self._under_way and self._span() > KEEP_MS and self._give_up_oldest():
            pass

    def take(self, now: int) -> list[Act]:
        """The acts to be written now, in order; `now` is any monotonic time in ms, the same for all calls."""
        if self._trying:
            return []  # A new act must not overtake those behind the act that is retried.
        if self.held_up and now >= self._retry_at and not self._under_way:
            self._trying = True
            acts = self._pending[:1]
        else:
            acts = self._pending[self._written :]
            self._written = len(self._pending)
        self._under_way.extend(act.id for act in acts)
        return acts

    def accepted(self, act_id: CommandId) -> None:
        """The server has stored an act. Raises ProtocolError when it was not the next to be answered."""
        self._answered(act_id)
        self._settled(act_id)

    def refused(self, act_id: CommandId, code: RefusalCode, now: int) -> bool:
        """The server has refused an act; False when sending it again can't help and the channel is lost.

        A better text that comes too late is dropped, and nothing is lost with it. Raises ProtocolError when the act was
        not the next to be answered.
        """
        self._answered(act_id)
        if code not in PASSING:
            act = next(act for act in self._pending if act.id == act_id)
            if not all(isinstance(command, ReviseSegment) for command in act.commands):
                return False
            self._settled(act_id)
            return True
        if self._first_refused is None:
            self._first_refused = act_id
            self._retry_at = now + self._delay
        elif self._trying:
            self._trying = False
            self._delay = min(2 * self._delay, RETRY_LAST_MS)
            self._retry_at = now + self._delay
        return True

    def _settled(self, act_id: CommandId) -> None:
        """Nothing more is to be done for an act, and those behind it may follow."""
        index = next(index for index, act in enumerate(self._pending) if act.id == act_id)
        del self._pending[index]
        self._written = max(0, self._written - 1)
        if act_id == self._first_refused:
            self._first_refused, self._trying, self._written = None, False, 0
            self._delay = RETRY_FIRST_MS

    def _answered(self, act_id: CommandId) -> None:
        if not self._under_way or self._under_way[0] != act_id:
            msg = f"The server answered {act_id}, not the oldest unanswered act of attachment {self._attachment}."
            raise ProtocolError(msg)
        self._under_way.popleft()

    def _span(self) -> int:
        """Media time from the oldest words to the newest act; gaps and ends stand for little and take no room."""
        commands = (command for act in self._pending for command in act.commands)
        oldest = next((command.words[0].t0 for command in commands if isinstance(command, CommitWords)), None)
        newest = _times(self._pending[-1].commands) if self._pending else []
        return 0 if oldest is None else max([oldest, *newest]) - oldest

    def _give_up_oldest(self) -> bool:
        """Put a gap in the place of the oldest segment's words; False when there is none that has ended."""
        commands = [command for act in self._pending for command in act.commands]
        segment = next((command.segment for command in commands if isinstance(command, CommitWords)), None)
        end = [c for c in commands if isinstance(c, EndSegment) and c.segment == segment]
        if segment is None or not end:
            return False
        mine = [c for c in commands if isinstance(c, CommitWords) and c.segment == segment]
        words = [word for command in mine for word in command.words]
        first, last = min(word.t0 for word in words), max(word.t1 for word in words)
        gap = NoteGap(channel=mine[0].channel, t0=first, t1=max(last, first + 1), reason=GapReason.STORAGE)
        if any(command.start is not None for command in mine):
            end = []  # Nobody has heard of the segment; else what was accepted of it still has to end.
        pending: list[Act] = []
        placed = False
        for act in self._pending:
            kept = [c for c in act.commands if isinstance(c, NoteGap) or c.segment != segment]
            if not placed and any(isinstance(command, NoteGap) for command in kept):
                kept = [*end, *(_joined(gap, c) if isinstance(c, NoteGap) else c for c in kept)]
                placed = True
            elif not placed and len(kept) < len(act.commands):
                # The act keeps its id: the server lets nothing pass before it has seen that one again.
                kept = [*end, gap, *kept]
                placed = True
            if kept:
                pending.append(msgspec.structs.replace(act, commands=tuple(kept), show=None, readings=()))
        self._written -= len(self._pending) - len(pending)
        self._pending = pending
        return True


def _times(commands: Iterable[EngineCommand]) -> list[int]:
    times: list[int] = []
    for command in commands:
        match command:
            case CommitWords():
                times += [word.t0 for word in command.words]
            case EndSegment():
                times.append(command.t1)
            case _:
                pass
    return times


def _joined(gap: NoteGap, earlier: NoteGap) -> NoteGap:
    return msgspec.structs.replace(gap, t0=min(gap.t0, earlier.t0), t1=max(gap.t1, earlier.t1))
