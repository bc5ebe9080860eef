"""Joins the machine's first words to a person's: words that the person has typed already are left out.

When the machine is back on air, its engine hears the last seconds of sound once more and doesn't know what was typed
meanwhile. Its words are held back until it is clear where the person's words end: where they were heard letter by
letter, or else, once all words of that time are there, where it is most likely by words, sentences and time. Then the
engine's acts pass with changed word counts, since the log has fewer words of a line than the engine. A person writes a
line after it was said: the machine's next lines begin no earlier than that line was sent, so that they are sorted after
it.
"""

from __future__ import annotations

import msgspec

from moothall.core.captioning.control_tokens import Join
from moothall.core.captioning.seam import continued
from moothall.core.commands import CommitWords, EndSegment, ReviseSegment, SegmentStart, SplitSegment
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.signals import Partial
from moothall.wire import engine as wire

MOST_HELD = 64
"""Most acts that are held back. Overflow: it is decided at once by what is there."""


class _Known(msgspec.Struct):
    """The state of the joining before an act."""

    held: tuple[wire.PassAct, ...] = ()
    """Acts that are held back. Bound: MOST_HELD."""
    decided: bool = False
    drop: int = 0
    """Number of words that are still to be left out."""
    dropped: dict[SegmentId, int] = {}
    """Number of words that were left out, by line. Bound: the lines of some seconds."""
    starts: dict[SegmentId, SegmentStart] = {}
    """Starts of the lines of which no word is in the log yet."""


class Joining:
    """The joining of one attachment: given each act in order, returns the act that is to be stored."""

    def __init__(self, join: Join) -> None:
        self._join = join
        self._now = _Known()
        self._before: tuple[CommandId, _Known] | None = None
        """Id of the newest act, and the state before it."""

    @property
    def holds(self) -> bool:
        """Whether any act is held back."""
        return bool(self._now.held)

    def take(self, act: wire.PassAct) -> wire.PassAct:
        """The act as it is to be stored; without commands where it is held back.

        The newest act may be sent again, unchanged or with a gap in place of words that its engine has given up.
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

    def through(self, t: int) -> wire.PassAct | None:
        """The acts that are held back, as one act, once all words before media time `t` (ms) have arrived and show
        where the person's words end; else None.
        """
        if t < self._join.t:
            return None
        rest = self.rest()
        self._now.decided = True  # Words from here on were said after the person's last line was sent.
        return rest

    def rest(self) -> wire.PassAct | None:
        """All acts that are still held back, as one act, when no more words follow; None where there are none.

        It is to be stored as it is and not passed to `take`, which is for the engine's acts.
        """
        if not self._now.held:
            return None
        *before, last = self._now.held
        self._decide([*before, last], more=False)
        self._now.held = tuple(before)
        return self._released(last)

    def shown(self, partial: Partial) -> Partial | None:
        """A partial as readers may see it; None while it is undecided where the person's words end."""
        if not self._now.decided or self._now.drop:
            return None
        return msgspec.structs.replace(partial, first=max(0, partial.first - self._now.dropped.get(partial.segment, 0)))

    def _decide(self, acts: list[wire.PassAct], *, more: bool) -> None:
        commits = [each for act in acts for each in act.commands if isinstance(each, CommitWords)]
        words = [word for each in commits for word in each.words]
        more = more and len(acts) <= MOST_HELD and (not words or words[-1].t1 < self._join.t)
        count = continued(self._join, words, more=more)
        if count is not None:
            self._now.drop, self._now.decided = count, True

    def _released(self, act: wire.PassAct) -> wire.PassAct:
        """An act together with the acts that were held back before it."""
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

    def _fit(self, command: wire.AttachmentCommand) -> wire.AttachmentCommand | None:
        match command:
            case CommitWords():
                return self._commit(command)
            case EndSegment():
                ended = msgspec.structs.replace(command, t1=max(command.t1, self._join.t))
                return None if command.segment in self._now.starts else ended
            case ReviseSegment() | SplitSegment():
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
        if start is not None:  # Readers see lines in the order in which they begin.
            start = msgspec.structs.replace(start, t0=max(start.t0, self._join.t))
        if start is not None and (before or out):
            words = (msgspec.structs.replace(words[0], text=words[0].text.lstrip() or words[0].text), *words[1:])
        return msgspec.structs.replace(command, first=command.first - before, words=words, start=start)


def _copy(known: _Known) -> _Known:
    return msgspec.structs.replace(known, dropped={**known.dropped}, starts={**known.starts})
