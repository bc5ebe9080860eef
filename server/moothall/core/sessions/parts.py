"""Parts of a session's state: its clock, segments, channels and sources, with the fields that the session
writer needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import SegmentNow
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.sessions.air import Air

HELD_MS = 1_000
"""The largest step back of media time that is hidden, in ms: media time stays constant until the newest mapping has
caught up. A larger step back is applied. It occurs only where a file continues after a restart, or where an older
release had let media time jump ahead."""


class MediaClock(NamedTuple):
    """The relation of media time to wall time, by the newest mapping (docs/why/architecture.md, "Media time")."""

    t: int
    """Media ms of the mapping."""
    wall: int
    """Unix ms at which media time was `t`."""
    reached: int = 0
    """Media ms already reached before this mapping set the clock back a little; 0 when it did not. Media time waits
    there.
    """

    def at(self, wall: int) -> int:
        """Media time (ms) at wall time `wall` (Unix ms); it doesn't run before the mapping."""
        return max(self.reached, self.t + max(0, wall - self.wall))

    def mapped(self, t: int, wall: int) -> MediaClock:
        """The clock after another mapping: media time is `t` (ms) at `wall` (Unix ms)."""
        now = self.at(wall)
        return MediaClock(t, wall, now if t < now <= t + HELD_MS else 0)


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment, with the fields that the session writer needs."""

    id: SegmentId
    channel: ChannelId
    language: str
    t0: int
    words: tuple[le.Word, ...] = ()
    """All committed words, as first committed."""
    base: int = 0
    """How many of the committed words `text` replaces."""
    text: str = ""
    """The newest correction; empty while there is none."""
    revision: int = 0
    mended: bool = False
    """Whether a person corrected the segment."""
    accepted: bool = False
    """Whether the only corrections by persons were proposals of a machine, accepted unchanged."""
    ended: bool = False
    t1: int = 0
    """End, media ms, once it has ended."""
    reason: le.EndReason | None = None
    """Why it ended; None while it grows."""
    ended_at: int = 0
    """When the end was logged, Unix ms; 0 where the log doesn't say."""
    origin: le.Origin = le.Origin.MACHINE
    speaker: SpeakerId | None = None
    gone: bool = False
    """Whether the line was struck: it is recognised again, or was moved to another session."""
    moved: bool = False
    """Whether it was struck because it was moved to another session."""
    struck: int = 0
    """The number of the rewinding of its channel that struck it, from 1; 0 when none did."""
    since: int = 0
    """The number of rewindings of its channel before it was opened."""
    made_from: le.MadeFrom | None = None
    """From which line it was translated; None when it is no translation."""
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The public name of the outside tool that sent the line or, in a translation, its original; UNSET otherwise."""
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a machine recognised a respeaker; UNSET otherwise."""
    rough: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a recogniser wrote it roughly (`roughness.py`); UNSET otherwise."""
    cues: bool | msgspec.UnsetType = msgspec.UNSET
    """True when its words are the captions of an imported file; UNSET otherwise."""
    part_of: SegmentId | msgspec.UnsetType = msgspec.UNSET
    """The line from which it was split; UNSET otherwise."""
    split_at: int = 0
    """How many corrections that line had had."""

    @property
    def whole(self) -> str:
        """The whole text as it is now."""
        return self.text + self.tail(self.base)

    def tail(self, after: int) -> str:
        """The committed words after the first `after`, joined."""
        return "".join(word.text for word in self.words[after:])

    @property
    def recognised(self) -> tuple[le.Word, ...]:
        """The words that are shown as they were recognised, and those that a machine wrote in place of others.

        Words that a person's correction replaced count only if it has as many words as before, and only where the word
        is the same: a person vouches for the others (as in `web/js/lines/state.js`).
        """
        before, after = self.words[: self.base], self.words[self.base :]
        if not self.mended:
            return (*_rewritten(before, self.text), *after)
        written = self.text.split()
        if len(before) != len(written):
            return after
        same = (word for word, now in zip(before, written, strict=True) if word.text.strip() == now)
        return (*same, *after)

    def now(self) -> SegmentNow:
        """The segment's state, for a sender that worked from an older one."""
        return SegmentNow(segment=self.id, revision=self.revision, words=len(self.words), text=self.whole)


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, with the fields that the session writer needs."""

    id: ChannelId
    kind: ev.ChannelKind
    languages: tuple[str, ...]
    generation: int = 0
    """Number of the channel's newest engine attachment; 0 before the first."""
    rough: tuple[str, ...] = ()
    """The languages in which the text of that engine's model is rough."""
    committed_through: int = 0
    """End of the last committed word or noted gap, media ms."""
    open_segment: SegmentId | None = None
    last_words: tuple[le.Word, ...] = ()
    speaker: SpeakerId | None = None
    """Who speaks: lines get this speaker as they open; None when nobody is named."""
    forced: str | None = None
    """The language that somebody set for the channel (BCP-47); None: it is detected."""
    rewound: int = 0
    """How often lines of the channel were struck."""
    of_record: bool = False
    """Whether it is a translation of the whole session, which belongs to the record."""
    air: Air = Air()
    """Who is on air."""
    imported: ev.TextImported | None = None
    """From which file its text comes; None for a text that was written here."""
    original: bool = False
    """Whether that file is kept, as far as nothing was removed since."""


class SessionSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source of audio for one channel."""

    channel: ChannelId
    t: int
    """Media ms of the source's first sample."""
    rate: int
    ended: bool = False


def _rewritten(words: Sequence[le.Word], text: str) -> Sequence[le.Word]:
    """Words after a machine wrote `text` in their place. Words that it left are as they were: with as many words those
    that are the same, otherwise those of its unchanged beginning and end. Others have its text, without a doubt.
    """
    replace, written = msgspec.structs.replace, text.split()
    if len(written) == len(words):
        pairs = zip(words, written, strict=True)
        return [word if word.text.strip() == now else replace(word, text=f" {now}", p=1.0) for word, now in pairs]
    joined = "".join(word.text for word in words)
    # With a space, by which the last word ends too: one to which letters were added has changed.
    old, new = f"{joined.strip()} ", f"{text.strip()} "
    start, back = unchanged(old, new)
    lead = len(joined) - len(joined.lstrip())
    ends = [end - lead for end in accumulate(len(word.text) for word in words)]
    first = sum(end < start for end in ends)
    last = sum(end - len(word.text.strip()) <= len(old) - back for word, end in zip(words, ends, strict=True))
    if not words:
        return ()
    end = len(new) - len(old) + (ends[last - 1] if first < last else start)
    middle = new[ends[first - 1] if first else 0 : end].rstrip()
    replaced = words[first:last] or words[max(0, first - 1) : first] or words[:1]  # Nearest to what was added.
    added = replace(replaced[0], text=middle, t1=replaced[-1].t1, p=1.0)
    return (*words[:first], *([added] if middle else ()), *words[last:])


def unchanged(old: Sequence[object], new: Sequence[object]) -> tuple[int, int]:
    """How many items at the beginning and at the end of a sequence are left when it changes."""
    least = min(len(old), len(new))
    start = next((n for n in range(least) if old[n] != new[n]), least)
    return start, next((n for n in range(least - start) if old[-1 - n] != new[-1 - n]), least - start)


def made_from(event: le.SegmentOpened | le.SegmentCorrected, before: le.MadeFrom | None) -> le.MadeFrom | None:
    """From which line a line was translated after `event`, which may leave `before` unchanged."""
    return before if event.made_from is msgspec.UNSET else event.made_from
