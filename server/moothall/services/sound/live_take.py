"""One unbroken run of live sound, as its sender and its channel see it.

A *take* begins when a microphone is started and is named by it. Where the microphone had to drop sound, the same take
goes on behind the hole as another source of the log: its name says at which position of the take it begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from moothall.core.kernel.ids import SourceId
from moothall.services.sound.live_audio import LiveAudio, to_ms, to_samples
from moothall.services.sound.live_source import LiveSource
from moothall.wire.audio import EndReason, Piece

PREFIX = "live-"
RESPOKEN = "respoken-"
"""Begins the name of a respeaker's take. No microphone's has the sign at its end."""


def source_of(take: str, base: int) -> SourceId:
    """The source of the log that holds a take from position `base` on."""
    return SourceId(f"{PREFIX}{take}-{base}")


def take_of(source: SourceId) -> tuple[str, int] | None:
    """The take and the position at which a source begins; None for a source that is no take."""
    name, _, base = source.removeprefix(PREFIX).rpartition("-")
    return (name, int(base)) if source.startswith(PREFIX) and name and base.isdecimal() else None


def is_respoken(source: SourceId) -> bool:
    """Whether a source is a respeaker's."""
    return source.startswith(f"{PREFIX}{RESPOKEN}")


class LiveTake:
    """A take, from one of its positions on. Positions count the take's samples from its first."""

    def __init__(
        self, name: str, base: int, source: LiveSource, audio: LiveAudio, wanted: Callable[[], int] = lambda: 0
    ) -> None:
        """`wanted`: media ms from which its sound would be needed if all that was spooled of it were lost."""
        self.name = name
        self.base = base
        """Position of the first sample here."""
        self.source = source
        self.audio = audio
        self.over = False
        """Nobody wants the rest: its session is closed, or another take has its place."""
        self.broken = False
        """Its channel failed: its microphone comes back with what isn't safe, and the take goes on from the spool."""
        self.apart = False
        """Its samples lie where the session's clock isn't any more: its microphone comes back, and the take goes on as
        another source, where it is heard."""
        self.missing_from: int | None = None
        """Media ms since which its sound is missing that never became words, where it goes on without its spool."""
        self.reason = EndReason.LOST
        self.carrying: asyncio.Task[None] | None = None
        """Brings it to the spool and watches over it there until it is heard; its owner is the channel."""
        self.carried = asyncio.Event()
        """Set when it is on the disk to its end."""
        self.heard = asyncio.Event()
        """Set when all of its words are in the log."""
        self._wanted = wanted
        self._done = base

    @property
    def received(self) -> int:
        """One past the last sample that has come."""
        return self.base + self.source.received

    @property
    def safe(self) -> int:
        """What lies before is on the disk."""
        return self.base + self.audio.acknowledged

    @property
    def done(self) -> int:
        """What lies before is never asked for again, nor is it more than what is safe: the words are in the log, or
        will never come. It never runs back.
        """
        if self.heard.is_set():
            return self.received
        passed = min(self._wanted() - self.audio.t, to_ms(self.audio.acknowledged))
        self._done = max(self._done, self.base + to_samples(max(0, passed)))
        return self._done

    @property
    def full(self) -> bool:
        """Whether no more of it is taken until words have come."""
        return self.audio.full

    @property
    def finished(self) -> bool:
        """Whether nothing more is taken."""
        return self.source.finished

    @property
    def whole(self) -> bool:
        """Whether it is finished and on the disk to its end."""
        return self.finished and self.safe >= self.received

    def t(self, position: int) -> int:
        """Media ms of a position."""
        return self.audio.t + (position - self.base) * 1000 // 16_000

    async def feed(self, piece: Piece, now: int) -> bool:
        """Take in a piece that came at `now` (monotonic ms); False when it doesn't fit, or nothing more is wanted."""
        fits = await self.source.feed(piece.first - self.base, piece.pcm)
        if fits:
            self.source.heard(piece.end - self.base, piece.age, now)
        return fits

    async def finish(self, reason: EndReason) -> None:
        """Nothing more comes; what has come is carried on to its end."""
        if not self.finished:
            self.reason = reason
            await self.source.finish()

    async def break_off(self) -> None:
        """Take no more here."""
        self.broken = not self.whole
        await self.source.finish()

    async def part(self) -> None:
        """Take no more here, since it lies apart from the session's clock."""
        self.apart = not self.finished
        await self.finish(EndReason.LOST)

    async def give_up(self) -> None:
        """Nothing more is wanted, not even what waits."""
        self.over = True
        await self.source.finish()
        if self.carrying is not None:
            self.carrying.cancel()
