"""The machine's first words after a person's: those that the person had typed already are left out.

An engine hears some seconds of sound once more, and knows nothing of what was typed meanwhile. Its words are held back
until it is plain where the person's end, by what follows or since nothing does; then its acts go on with other counts,
since the log has fewer words of a line than the engine. A person writes a line after it was said: the lines of the
machine that follow begin no earlier than that was, so that they stand behind it.
"""

from __future__ import annotations

import msgspec

from moothall.core.captioning.air import Join
from moothall.core.captioning.seam import overlap
from moothall.core.commands import CommitWords, EndSegment, ReviseSegment, SegmentStart
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.signals import Partial
from moothall.wire import engine as wire

MOST_HELD = 64
"""Acts that are held back at most. Overflow: the time decides at once."""


class _Known(msgspec.Struct):
    """What is known before an act."""

    held: tuple[wire.Act, ...] = ()
    """Bounded by MOST_HELD acts."""
    decided: bool = False
    drop: int = 0
    """How many words are still to be left out."""
    dropped: dict[SegmentId, int] = {}
    """How many were, of each line; the lines of some seconds."""
    starts: dict[SegmentId, SegmentStart] = {}
    """Of lines of which none is in the log yet."""


class Joining:
    """Of one attachment: given each of its acts in order, it gives what is to be stored."""

    def __init__(self, join: Join) -> None:
        self._join = join
        self._now = _Known()
        self._before: tuple[CommandId, _Known] | None = None
        """The newest act, and what was known before it."""

    @property
    def holds(self) -> bool:
        """Whether something is held back."""
        return bool(self._now.held)

    def take(self, act: wire.Act) -> wire.Act:
        """The act as it is to be stored, without commands where it is held back.

        The newest may come again, as it was or with a gap in the place of words that its engine has given up.
        """
        if self._before is not None and self._before[0] == act.id:
            self._now = _copy(self._before[1])
        else:
            self._before = act.id, _copy(self._now)
        if not self._now.decided:
            self._decide([*self._now.held, act], more=True)
        if self._now.decided:
            return self._released(act)
        self._now.held = (*self._now.held, act)
        return msgspec.structs.replace(act, commands=())

    def through(self, t: int) -> wire.Act | None:
        """All words from before media time `t` have come: what is held back, where none of it is open any more."""
        if t < self._join.t:
            return None
        rest = self.rest()
        self._now.decided = True  # What comes from here on was said after the person's last line was sent.
        return rest

    def rest(self) -> wire.Act | None:
        """What is still held back, once no more comes of that; None where that is nothing.

        It is to be stored as it is: `take` is for what comes from the engine.
        """
        if not self._now.held:
            return None
        *before, last = self._now.held
        self._decide([*before, last], more=False)
        self._now.held = tuple(before)
        return self._released(last)

    def shown(self, partial: Partial) -> Partial | None:
        """A partial as readers may see it; None while it is open where the person's words end."""
        if not self._now.decided or self._now.drop:
            return None
        return msgspec.structs.replace(partial, first=max(0, partial.first - self._now.dropped.get(partial.segment, 0)))

    def _decide(self, acts: list[wire.Act], *, more: bool) -> None:
        commits = [each for act in acts for each in act.commands if isinstance(each, CommitWords)]
        words = [word for each in commits for word in each.words]
        more = more and len(acts) <= MOST_HELD and (not words or words[-1].t1 < self._join.t)
        count = overlap(self._join.typed, [word.text for word in words], more=more)
        if count is None and not more:
            count = sum(word.t0 < self._join.said for word in words)
        if count is not None:
            self._now.drop, self._now.decided = count, True

    def _released(self, act: wire.Act) -> wire.Act:
        """An act with what was held back before it."""
        commands = tuple(command for each in (*self._now.held, act) for command in each.commands)
        self._now.held = ()
        kept = tuple(fit for command in commands if (fit := self._fit(command)) is not None)
        touched = act.resume_point is not None and act.resume_point.segment in self._now.dropped
        return msgspec.structs.replace(
            act,
            commands=kept,
            show=None if act.show is None else self.shown(act.show),
            resume_point=None if touched else act.resume_point,
        )

    def _fit(self, command: wire.EngineCommand) -> wire.EngineCommand | None:
        match command:
            case CommitWords():
                return self._commit(command)
            case EndSegment():
                ended = msgspec.structs.replace(command, t1=max(command.t1, self._join.t))
                return None if command.segment in self._now.starts else ended
            case ReviseSegment():
                return None if command.segment in self._now.dropped else command
            case _:
                return command

    def _commit(self, command: CommitWords) -> CommitWords | None:
        segment, before = command.segment, self._now.dropped.get(command.segment, 0)
        out = min(self._now.drop, len(command.words))
        self._now.drop -= out
        if out:
            self._now.dropped[segment] = before + out
        start, words = command.start or self._now.starts.get(segment), command.words[out:]
        if not words:
            if start is not None:
                self._now.starts[segment] = start
            return None
        self._now.starts.pop(segment, None)
        if start is not None:  # Readers have lines in the order in which they begin.
            start = msgspec.structs.replace(start, t0=max(start.t0, self._join.t))
        if start is not None and (before or out):
            words = (msgspec.structs.replace(words[0], text=words[0].text.lstrip() or words[0].text), *words[1:])
        return msgspec.structs.replace(command, first=command.first - before, words=words, start=start)


def _copy(known: _Known) -> _Known:
    return msgspec.structs.replace(known, dropped={**known.dropped}, starts={**known.starts})
