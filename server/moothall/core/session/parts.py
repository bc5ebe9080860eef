"""What a session's state is made of: its clock, segments, channels and sources, as the session writer needs them."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from moothall.core.events import types as ev
from moothall.core.kernel.errors import SegmentNow
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.session.air import Air

HELD_MS = 1_000
"""Media time is never seen to run back by less than this: it stands until the newest mapping has come as far. By more
it is set back only where a file goes on after a restart, or where an older release had let it jump ahead."""


class MediaClock(NamedTuple):
    """How media time runs beside the wall's, by the newest mapping (docs/why/architecture.md, "Media time")."""

    t: int
    """Media ms ..."""
    wall: int
    """... at this Unix ms."""
    reached: int = 0
    """Media ms that was reached before, where this mapping sets it back a little."""

    def at(self, wall: int) -> int:
        """Media time at the wall time `wall` (Unix ms); it doesn't run before the mapping."""
        return max(self.reached, self.t + max(0, wall - self.wall))

    def mapped(self, t: int, wall: int) -> MediaClock:
        """The next mapping."""
        now = self.at(wall)
        return MediaClock(t, wall, now if t < now <= t + HELD_MS else 0)


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as the session writer needs it."""

    id: SegmentId
    channel: ChannelId
    language: str
    t0: int
    words: tuple[ev.Word, ...] = ()
    """All committed words, as first committed."""
    base: int = 0
    """How many of them `text` stands for."""
    text: str = ""
    """The newest correction; empty while there is none."""
    revision: int = 0
    mended: bool = False
    """Whether a person corrected it."""
    accepted: bool = False
    """Whether all that persons did was to accept what a machine proposed."""
    ended: bool = False
    t1: int = 0
    """End, media ms, once it has ended."""
    ended_at: int = 0
    """When its end was logged, Unix ms; 0 where nobody said when."""
    origin: ev.Origin = ev.Origin.MACHINE
    speaker: SpeakerId | None = None
    gone: bool = False
    """Struck: it is recognised once more, or stands in another session."""
    moved: bool = False
    """Whether it is gone because it was moved to another session."""
    struck: int = 0
    """By which rewinding of its channel it was struck, counted from 1; 0 when by none."""
    since: int = 0
    """After which rewinding of its channel it was opened."""
    made_from: ev.MadeFrom | None = None
    """What it was translated from; None where it wasn't."""
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The outside tool that sent it, or the line that it was translated from."""
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True where a machine heard a respeaker."""

    @property
    def whole(self) -> str:
        """All of its text as it stands."""
        return self.text + self.tail(self.base)

    def tail(self, after: int) -> str:
        """The committed words behind the first `after`, joined."""
        return "".join(word.text for word in self.words[after:])

    @property
    def recognised(self) -> tuple[ev.Word, ...]:
        """Its words that stand as they were recognised. Of a correction those that are the same, where it has as many
        words as before: of what was written somebody is sure (as in `web/js/lines/state.js`).
        """
        before, written = self.words[: self.base], self.text.split()
        if len(before) != len(written):
            return self.words[self.base :]
        same = (word for word, now in zip(before, written, strict=True) if word.text.strip() == now)
        return (*same, *self.words[self.base :])

    def now(self) -> SegmentNow:
        """Its state, for a sender that worked from an older one."""
        return SegmentNow(segment=self.id, revision=self.revision, words=len(self.words), text=self.whole)


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A lane of text as the session writer needs it."""

    id: ChannelId
    kind: ev.ChannelKind
    languages: tuple[str, ...]
    generation: int = 0
    """The newest attachment of an engine."""
    committed_through: int = 0
    """End of the last committed word or noted gap, media ms."""
    open_segment: SegmentId | None = None
    last_words: tuple[ev.Word, ...] = ()
    speaker: SpeakerId | None = None
    """Who speaks: its next lines are given to that speaker."""
    forced: str | None = None
    """The language that somebody said it is in."""
    rewound: int = 0
    """How often lines of it were struck."""
    of_record: bool = False
    """Whether it is a translation that is made whole."""
    air: Air = Air()
    """Who is on air."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A source of audio that is bound to a channel."""

    channel: ChannelId
    t: int
    """Media ms of its first sample."""
    rate: int
    ended: bool = False


def made_from(event: ev.SegmentOpened | ev.SegmentCorrected, before: ev.MadeFrom | None) -> ev.MadeFrom | None:
    """What a line was translated from after `event`; it may leave that as it was."""
    return before if event.made_from is msgspec.UNSET else event.made_from
