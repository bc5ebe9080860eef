"""The queue of an attachment's acts that the server has not accepted: sent in order, kept, and sent again. Pure."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap
from moothall.core.events.types import GapReason
from moothall.core.kernel.errors import PASSING, ProtocolError, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.signals import Partial
from moothall.wire.engine import LATE_COMMANDS, AttachmentCommand, OtherReadings, PassAct, ResumePoint

RETRY_FIRST_MS = 1_000
RETRY_LAST_MS = 5_000
"""Back-off before an act that could not be stored is sent again, ms: the first time, and at most."""
KEEP_MS = 600_000
"""Media time that unaccepted acts may span, ms. Overflow: the oldest segment's words are replaced by a gap."""
LONGEST_PREFIX = 110
"""Most characters of the prefix of an act's id, which leaves room for the number in an id of 128 characters."""


def act_prefix(session: SessionId, channel: ChannelId, generation: int) -> str:
    """The prefix of the ids of one attachment's acts; a digest replaces session and channel if they are too long."""
    prefix = f"{session}.{channel}.{generation}"
    if len(prefix) <= LONGEST_PREFIX:
        return prefix
    digest = hashlib.sha256(f"{session}\0{channel}".encode()).hexdigest()
    return f"{digest[:40]}.{generation}"


class UnansweredActs:
    """The acts of one attachment that the server has not accepted yet.

    Each act is sent at once, and several may be unanswered. When the server can't store an act, it refuses all later
    acts too until it has received that one again. New acts are still sent once, so that readers see their words as "not
    yet saved". After a back-off the first refused act is sent alone; when it is accepted, the others follow in order.
    """

    def __init__(self, prefix: str, attachment: int) -> None:
        """`prefix` is the result of `act_prefix`; `attachment` is the attachment's number on the link."""
        self._prefix = prefix
        self._attachment = attachment
        self._count = 0
        self._pending: list[PassAct] = []  # Bound: KEEP_MS. Overflow: the oldest words are given up.
        self._under_way: deque[CommandId] = deque()  # Sent and unanswered; at most all of `_pending`, twice.
        self._written = 0  # How many acts at the beginning of `_pending` need not be sent now.
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
        """How many sent acts have no answer yet."""
        return len(self._under_way)

    @property
    def held_up(self) -> bool:
        """Whether the server can't store acts at the moment."""
        return self._first_refused is not None

    @property
    def retry_at(self) -> int | None:
        """The time (ms, as `now`) at which `take` returns an act to be sent again; None when no act waits for that."""
        return self._retry_at if self.held_up and not self._under_way else None

    @property
    def overdue(self) -> bool:
        """Whether the acts span twice `KEEP_MS`, because nothing could be given up; the channel is then lost."""
        return self._span() > 2 * KEEP_MS

    def add(
        self,
        commands: Sequence[AttachmentCommand],
        show: Partial | None = None,
        resume_point: ResumePoint | None = None,
        readings: tuple[OtherReadings, ...] = (),
    ) -> None:
        """Append `commands` as one act; the other arguments are as in `wire.engine.PassAct`."""
        self._count += 1
        act_id = CommandId(f"{self._prefix}.{self._count}")
        act = PassAct(
            attachment=self._attachment,
            id=act_id,
            commands=tuple(commands),
            show=show,
            resume_point=resume_point,
            readings=readings,
        )
        self._pending.append(act)
        while self.held_up and not self._under_way and self._span() > KEEP_MS and self._give_up_oldest():
            pass

    def take(self, now: int) -> list[PassAct]:
        """Take the acts to be sent now, in order; `now` is a monotonic time in ms, by the same clock in all calls."""
        if self._trying:
            return []  # A new act must not overtake the acts after the one that is retried.
        if self.held_up and now >= self._retry_at and not self._under_way:
            self._trying = True
            acts = self._pending[:1]
        else:
            acts = self._pending[self._written :]
            self._written = len(self._pending)
        self._under_way.extend(act.id for act in acts)
        return acts

    def accepted(self, act_id: CommandId) -> None:
        """Remove an act that the server has stored. Raises ProtocolError when it isn't the oldest unanswered act."""
        self._answered(act_id)
        self._settled(act_id)

    def refused(self, act_id: CommandId, code: RefusalCode, now: int) -> bool:
        """Handle the refusal of an act; False when sending it again can't help, so that the channel is lost.

        A refused better text, or split of a line, is dropped, since nothing depends on it. Raises ProtocolError when
        the act isn't the oldest unanswered one.
        """
        self._answered(act_id)
        if code not in PASSING:
            act = next(act for act in self._pending if act.id == act_id)
            if not all(isinstance(command, LATE_COMMANDS) for command in act.commands):
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
        """Remove an act from the queue, so that the acts after it may follow."""
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
        """Media ms from the oldest words to the newest act. Gaps and ends alone don't count: they are small."""
        commands = (command for act in self._pending for command in act.commands)
        oldest = next((command.words[0].t0 for command in commands if isinstance(command, CommitWords)), None)
        newest = _times(self._pending[-1].commands) if self._pending else []
        return 0 if oldest is None else max([oldest, *newest]) - oldest

    def _give_up_oldest(self) -> bool:
        """Replace the oldest segment's words by a gap; False when there are no words, or that segment hasn't ended."""
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
            end = []  # The server doesn't know the segment. Otherwise the accepted part of it still has to end.
        pending: list[PassAct] = []
        placed = False
        for act in self._pending:
            kept = [c for c in act.commands if isinstance(c, NoteGap) or c.segment != segment]
            if not placed and any(isinstance(command, NoteGap) for command in kept):
                kept = [*end, *(_joined(gap, c) if isinstance(c, NoteGap) else c for c in kept)]
                placed = True
            elif not placed and len(kept) < len(act.commands):
                # The act keeps its id: the server accepts no other act before it has received this id again.
                kept = [*end, gap, *kept]
                placed = True
            if kept:
                pending.append(msgspec.structs.replace(act, commands=tuple(kept), show=None, readings=()))
        self._written -= len(self._pending) - len(pending)
        self._pending = pending
        return True


def _times(commands: Iterable[AttachmentCommand]) -> list[int]:
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
