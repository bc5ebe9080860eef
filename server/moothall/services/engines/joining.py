"""The machine's first words after a person's: those that the person had typed already are left out.

An engine hears some seconds of sound once more, and knows nothing of what was typed meanwhile. Its words are held back
until it is plain where the person's end; then its acts go on with other counts, since the log has fewer words of a line
than the engine. A person writes a line after it was said: the lines of the machine that follow begin no earlier than
that was, so that they stand behind it.
"""

from __future__ import annotations

import msgspec

from moothall.core.captioning.air import Join
from moothall.core.captioning.seam import overlap
from moothall.core.commands import CommitWords, EndSegment, ReviseSegment, SegmentStart
from moothall.core.kernel.ids import SegmentId
from moothall.core.signals import Partial
from moothall.wire import engine as wire

MOST_HELD = 64
"""Acts that are held back at most. Overflow: the time decides at once."""


class Joining:
    """Of one attachment: given each of its acts in order, it gives what is to be stored."""

    def __init__(self, join: Join) -> None:
        self._join = join
        # Bounded by MOST_HELD acts.
        self._held: list[wire.Act] = []
        self._decided = False
        self._drop = 0
        """How many words are still to be left out."""
        self._dropped: dict[SegmentId, int] = {}
        """How many were, of each line; the lines of some seconds."""
        self._starts: dict[SegmentId, SegmentStart] = {}
        """Of lines of which none is in the log yet."""
        self._last: tuple[wire.Act, wire.Act] | None = None

    def take(self, act: wire.Act) -> wire.Act:
        """The act as it is to be stored, without commands where it is held back. It may come again."""
        if self._last is None or self._last[0].id != act.id:
            self._last = (act, self._taken(act))
        return self._last[1]

    def rest(self) -> wire.Act | None:
        """What is still held back, once no more comes; None where that is nothing."""
        if self._decided or not self._held:
            return None
        self._decide(self._held, more=False)
        return self._released(self._held.pop())

    def shown(self, partial: Partial) -> Partial | None:
        """A partial as readers may see it; None while it is open where the person's words end."""
        if not self._decided or self._drop:
            return None
        return msgspec.structs.replace(partial, first=max(0, partial.first - self._dropped.get(partial.segment, 0)))

    def _taken(self, act: wire.Act) -> wire.Act:
        if not self._decided:
            self._decide([*self._held, act], more=True)
        if self._decided:
            return self._released(act)
        self._held.append(act)
        return msgspec.structs.replace(act, commands=())

    def _decide(self, acts: list[wire.Act], *, more: bool) -> None:
        commits = [each for act in acts for each in act.commands if isinstance(each, CommitWords)]
        words = [word for each in commits for word in each.words]
        more = more and len(acts) <= MOST_HELD and (not words or words[-1].t1 < self._join.t)
        count = overlap(self._join.typed, [word.text for word in words], more=more)
        if count is None and not more:
            count = sum(word.t0 < self._join.said for word in words)
        if count is not None:
            self._drop, self._decided = count, True

    def _released(self, act: wire.Act) -> wire.Act:
        """An act with what was held back before it."""
        commands = tuple(command for each in (*self._held, act) for command in each.commands)
        self._held.clear()
        kept = tuple(fit for command in commands if (fit := self._fit(command)) is not None)
        touched = act.resume_point is not None and act.resume_point.segment in self._dropped
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
                return None if command.segment in self._starts else ended
            case ReviseSegment():
                return None if command.segment in self._dropped else command
            case _:
                return command

    def _commit(self, command: CommitWords) -> CommitWords | None:
        segment, before = command.segment, self._dropped.get(command.segment, 0)
        out = min(self._drop, len(command.words))
        self._drop -= out
        if out:
            self._dropped[segment] = before + out
        start, words = command.start or self._starts.get(segment), command.words[out:]
        if not words:
            if start is not None:
                self._starts[segment] = start
            return None
        self._starts.pop(segment, None)
        if start is not None:  # Readers have lines in the order in which they begin.
            start = msgspec.structs.replace(start, t0=max(start.t0, self._join.t))
        if start is not None and (before or out):
            words = (msgspec.structs.replace(words[0], text=words[0].text.lstrip() or words[0].text), *words[1:])
        return msgspec.structs.replace(command, first=command.first - before, words=words, start=start)
