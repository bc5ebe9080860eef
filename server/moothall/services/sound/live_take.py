"""One unbroken run of live sound, seen by its sender and by its channel.

A *take* begins when a microphone is started, which also names it. Where the microphone had to drop sound, the same take
continues after the hole as another source in the log, whose name contains the position where it begins in the take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.ids import SourceId
from moothall.services.sound.live_audio import LiveAudio, to_ms, to_samples
from moothall.services.sound.live_source import LiveSource
from moothall.wire.audio import MAX_POSITION, Piece, TakeEndReason

PREFIX = "live-"
RESPOKEN = "respoken-"
"""Prefix of the name of a respeaker's take. The names of microphones' takes contain no hyphen."""


def source_of(take: str, base: int) -> SourceId:
    """The id of the source in the log that holds a take from position `base` on."""
    return SourceId(f"{PREFIX}{take}-{base}")


def take_of(source: SourceId) -> tuple[str, int] | None:
    """The name of the take and the position where a source begins in it; None for a source that is no take."""
    name, _, digits = source.removeprefix(PREFIX).rpartition("-")
    base = number_in(digits, len(str(MAX_POSITION)))
    return (name, base) if source.startswith(PREFIX) and name and base is not None else None


def is_respoken(source: SourceId) -> bool:
    """Whether a source is a respeaker's."""
    return source.startswith(f"{PREFIX}{RESPOKEN}")


class LiveTake:
    """A take from one of its positions on. Positions count the take's samples from its first."""

    def __init__(
        self, name: str, base: int, source: LiveSource, audio: LiveAudio, wanted: Callable[[], int] = lambda: 0
    ) -> None:
        """`wanted` returns the media ms from which the sound would be needed if everything spooled of it were lost."""
        self.name = name
        self.base = base
        """The take's position of the first sample here."""
        self.source = source
        self.audio = audio
        self.over = False
        """Whether the rest isn't wanted, since the session is closed or another take has replaced this one."""
        self.broken = False
        """Whether its channel failed: the microphone reconnects with what isn't safe, and the take continues from the
        spool.
        """
        self.apart = False
        """Whether its samples don't match the session's clock any more: the microphone reconnects, and the take
        continues as another source, at the media time when it is heard.
        """
        self.missing_from: int | None = None
        """Media ms from which sound is missing that never became words, if the take resumed without its spool; else
        None.
        """
        self.reason = TakeEndReason.LOST
        self.carrying: asyncio.Task[None] | None = None
        """Copies the sound to the spool and monitors it there until it is recognised; owned by the channel."""
        self.carried = asyncio.Event()
        """Set when it is on the disk to its end."""
        self.heard = asyncio.Event()
        """Set when all of its words are in the log."""
        self._wanted = wanted
        self._done = base

    @property
    def received(self) -> int:
        """The position after the last sample received."""
        return self.base + self.source.received

    @property
    def safe(self) -> int:
        """The position up to which everything is on the disk."""
        return self.base + self.audio.acknowledged

    @property
    def last_done(self) -> int:
        """`done`, as it was when it was last asked for."""
        return self._done

    @property
    def done(self) -> int:
        """The position up to which sound is never requested again: its words are in the log or will never be, and it is
        safe. Never decreases. To be asked for only while this node may acknowledge: another one may have ended a break
        or a span that is not recorded here still.
        """
        if self.heard.is_set():
            return self.received
        passed = min(self._wanted() - self.audio.t, to_ms(self.audio.acknowledged))
        self._done = max(self._done, self.base + to_samples(max(0, passed)))
        return self._done

    @property
    def full(self) -> bool:
        """Whether no more is accepted until words have been recognised."""
        return self.audio.full

    @property
    def finished(self) -> bool:
        """Whether no more samples are accepted."""
        return self.source.finished

    @property
    def whole(self) -> bool:
        """Whether it is finished and on the disk to its end."""
        return self.finished and self.safe >= self.received

    def t(self, position: int) -> int:
        """Media ms of a position of the take."""
        return self.audio.t + to_ms(position - self.base)

    async def feed(self, piece: Piece, now: int) -> bool:
        """Append a piece received at `now` (monotonic ms); False when it doesn't fit, or no more is wanted."""
        fits = await self.source.feed(piece.first - self.base, piece.pcm)
        if fits:
            self.source.heard(piece.end - self.base, piece.age, now)
        return fits

    async def finish(self, reason: TakeEndReason) -> None:
        """Accept no more; what was received is still copied to the spool."""
        if not self.finished:
            self.reason = reason
            await self.source.finish()

    async def break_off(self) -> None:
        """Accept no more because the channel failed; see `broken`."""
        self.broken = not self.whole
        await self.source.finish()

    async def part(self) -> None:
        """Accept no more because the samples don't match the session's clock; see `apart`."""
        self.apart = not self.finished
        await self.finish(TakeEndReason.LOST)

    async def give_up(self) -> None:
        """Drop the rest, including samples that wait, and cancel `carrying`."""
        self.over = True
        await self.source.finish()
        if self.carrying is not None:
            self.carrying.cancel()
