"""One stream on its way into a channel: fetched again whenever it is lost, for as long as the meeting is on.

A run of a stream that gave sound is a take, as a microphone's is: what lies between two of them is a gap, and the times
on both sides stay true. Whoever sends for the same text by a microphone goes before the stream.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

import msgspec

from moothall.core.kernel.errors import MoothallError, RecordBroken, Refusal, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId, SourceId
from moothall.core.ports import Clock, Randomness
from moothall.core.session.parts import Source
from moothall.core.session.state import ON
from moothall.core.streams.watching import STEADY_MS, Found, Heartbeat, Pacing, Trouble, wait_ms
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import to_samples
from moothall.services.sound.live_take import LiveTake, take_of
from moothall.services.supervision.waiting import within
from moothall.wire.audio import PROTOCOL, EndReason, Hello, Piece

logger = logging.getLogger(__name__)

CHUNK = 3_200
"""Samples that are taken at a time, 200 ms."""
BYTES = 2
LOOK_MS = 1_000
"""How often it is looked whether a microphone still has the text."""
BURST_MS = 1_000
"""What such a stream sends in so long at its beginning is not taken: some of it may have been heard before."""
PREFIX = "pull"
"""Takes of streams are named so, with twelve figures behind."""


def is_pulled(take: str) -> bool:
    """Whether a take of this name is a stream's."""
    return take.startswith(PREFIX)


class PulledSource(msgspec.Struct, frozen=True, kw_only=True):
    """A stream and the text that it feeds. `address` may hold a password: it goes into no log and to no reader."""

    session: SessionId
    channel: ChannelId
    name: str
    """Tells several sources of one channel apart; a stream alone is `stream`, a bridge names each of its people."""
    address: str
    entered: int = 0
    """Unix ms."""
    over: bool = False
    """Whether it came to its own end, as a recording does: then it isn't fetched again."""
    trouble: Trouble | None = None
    """Why it isn't, where that was no end of its own."""

    @property
    def key(self) -> str:
        """Names it among all sources."""
        return f"{self.session}/{self.channel}/{self.name}"


class StreamLost(MoothallError):
    """There is no sound of a stream, or no more of it."""

    def __init__(self, trouble: Trouble, number: int = 0) -> None:
        super().__init__(f"The stream gives no sound: {trouble}.")
        self.trouble = trouble
        self.number = number
        """With STATUS what the server answered."""


class StreamOver(MoothallError):
    """A recording was fetched to its end before: nothing is left to go on with."""

    def __init__(self) -> None:
        super().__init__("All of the recording was fetched before.")


class StreamRun(Protocol):
    """A stream while it is fetched."""

    @property
    def found(self) -> Found | None:
        """What it is; known with the first sample."""
        ...

    @property
    def bursts(self) -> bool:
        """Whether what it sends first is older than the connection; known with the first sample."""
        ...

    @property
    def once(self) -> bool:
        """Whether it would begin from its start were it fetched again, as a file does; known with the first sample."""
        ...

    async def read(self, samples: int) -> bytes:
        """At most so many samples (PCM16 mono, 16 kHz), at least one; none once it came to its own end.

        Raises StreamLost.
        """
        ...


class StreamPort(Protocol):
    """Fetches streams. A bridge to a conference fetches its people by the same port, a source each, with a name."""

    def fetch(self, address: str, source: str = "") -> AbstractAsyncContextManager[StreamRun]:
        """Begin to fetch a stream; leaving the context ends it with all that works for it. Raises StreamLost.

        A `source` that is fetched again goes on behind what it was given before; where that was all of a recording
        StreamOver is raised. Without a name it begins anew.
        """
        ...


class PullState(StrEnum):
    """How a source stands."""

    WAITING = "waiting"
    """Its meeting isn't on."""
    STARTING = "starting"
    SOUND = "sound"
    LOST = "lost"
    """It is fetched again and again."""
    HELD = "held"
    """A microphone sends for its text."""
    OVER = "over"


class Pulling:
    """Fetches one source while its meeting is on. `run` is one life; begun again, it goes on."""

    def __init__(
        self,
        source: PulledSource,
        live: LiveSession,
        *,
        ingest: LiveIngest,
        streams: StreamPort,
        closing: Callable[[SessionId], bool],
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """`closing`: whether a session is being closed, so that it takes no more sound."""
        self.source = source
        self._live = live
        self._ingest = ingest
        self._streams = streams
        self._closing = closing
        self._clock = clock
        self._randomness = randomness
        self._take: LiveTake | None = None
        self._first = True
        self._once = False
        """Whether sound was taken of what would begin from its start were it fetched again."""
        self._heard = clock.monotonic()
        self.state = PullState.STARTING
        self.trouble: Trouble | None = None
        """Why the sound was last lost."""
        self.number = 0
        self.found: Found | None = None
        self.fetched = 0
        """How often it was fetched."""

    def lost_for(self, now: int) -> int:
        """For how long no sound has come that should, ms."""
        return 0 if self.state in (PullState.HELD, PullState.OVER) else max(0, now - self._heard)

    async def run(self) -> bool:
        """Fetch until the meeting is closed; True where the stream is over before: it came to its own end, or it is a
        file that was lost half way (`trouble`), whose words would come twice.
        """
        failures = 0
        while self._live.state.status in ON:
            closing = self._closing(self.source.session) or self._live.state.closing is not None
            if closing or self._microphone():
                self.state = PullState.STARTING if closing else PullState.HELD
                await self._clock.sleep(LOOK_MS)
                self._heard = self._clock.monotonic()
                continue
            if self._stopped():
                self.state, self.trouble = PullState.LOST, Trouble.NOT_TAKEN
                await self._clock.sleep(LOOK_MS)
                continue
            if self._once:
                self.state, self.trouble = PullState.OVER, Trouble.CUT_SHORT
                await self.finish(EndReason.LOST)
                logger.warning(
                    "session %s: source %s of channel %s is a file that was lost half way; it isn't begun again",
                    self.source.session,
                    self.source.name,
                    self.source.channel,
                )
                return True
            began = self._clock.monotonic()
            try:
                ended = await self._fetch()
            except (StorageUnavailable, RecordBroken):
                lost = StreamLost(Trouble.NOT_TAKEN)
            except StreamLost as error:
                lost = error
            else:
                if ended:
                    self.state, self.trouble = PullState.OVER, None
                    await self.finish(EndReason.STOPPED)
                    return True
                failures = 0
                continue
            self.state, self.trouble, self.number = PullState.LOST, lost.trouble, lost.number
            await self.finish(EndReason.LOST)
            if self._once:
                continue
            failures = 0 if self._clock.monotonic() - began >= STEADY_MS else failures + 1
            wait = wait_ms(max(0, failures - 1), self._randomness.bytes(1)[0])
            logger.warning(
                "session %s: source %s of channel %s is lost (%s); it is fetched again in %d ms",
                self.source.session,
                self.source.name,
                self.source.channel,
                lost.trouble,
                wait,
            )
            await self._clock.sleep(wait)
        return False

    async def finish(self, reason: EndReason) -> None:
        """End the take that it gave, if it gave one."""
        if self._take is not None:
            await self._take.finish(reason)
            self._take = None

    def _microphone(self) -> bool:
        """Whether a microphone has the text; one that is cut off has it until it is stopped."""
        now = self._ingest.current(self.source.session, self.source.channel)
        return now is not None and not now.finished and not is_pulled(now.name)

    def _stopped(self) -> bool:
        """Whether its text's sound failed too often. A take of another name lifts that, so no stream may begin one: it
        is for people to try it again.
        """
        return self._ingest.stopped(self.source.session, self.source.channel)

    async def _fetch(self) -> bool:
        """Fetch it once; whether it came to its own end. False where its text was taken, or the meeting closed."""
        self.fetched += 1
        try:
            async with self._streams.fetch(self.source.address, self.source.key) as run:
                return await self._taken(run)
        except StreamOver:
            return True

    async def _taken(self, run: StreamRun) -> bool:
        """Take the sound of a run; as `_fetch`."""
        pacing: Pacing | None = None
        came: int | None = None
        heart = Heartbeat()
        while self._live.state.status in ON:
            asked = self._clock.monotonic()
            pcm = await within(run.read(CHUNK), self._clock, heart.left) if heart.left else None
            if pcm is None:
                raise StreamLost(Trouble.SILENT)
            if not pcm:
                return True
            now = self._clock.monotonic()
            came = now if came is None else came
            beats = heart.beats(len(pcm) // BYTES, now - asked)
            if beats:
                self._heard = now
            if run.bursts and now - came < BURST_MS:
                continue
            if pacing is None:
                if self._microphone():
                    return False
                pacing, self._take = Pacing(now), await self._begun()
                self.found, self._once = run.found, run.once
            if beats:
                self.trouble, self.state = None, PullState.SOUND
            await self._clock.sleep(pacing.wait(len(pcm) // BYTES, now))
            take = self._take
            if take is None or take.over or take.broken or (take.finished and not take.apart):
                return False
            if take.apart:  # Its clock isn't the session's: it goes on where it is heard.
                take = self._take = await self._begun()
            now = self._clock.monotonic()
            await take.feed(Piece(first=take.received, age=0, pcm=pcm), now)
        return False

    async def _begun(self) -> LiveTake:
        """A take of its own; the first of this life goes on with what an earlier life of a server left open.

        Raises StreamLost where none can be had now.
        """
        if self._stopped():
            raise StreamLost(Trouble.NOT_TAKEN)
        names = [(f"{PREFIX}{self._randomness.bytes(6).hex()}", 0)]
        if self._first:
            names = [*self._left(), *names]
        for name, first in names:
            hello = Hello(protocol=PROTOCOL, channel=self.source.channel, take=name, first=first, age=0)
            begun = await self._ingest.begin(self.source.session, hello)
            if isinstance(begun, LiveTake) and not begun.finished:
                self._first = False
                return begun
            if isinstance(begun, Refusal):
                logger.info(
                    "session %s: the sound of source %s is refused (%s)",
                    self.source.session,
                    self.source.name,
                    begun.code,
                )
        raise StreamLost(Trouble.NOT_TAKEN)

    def _left(self) -> list[tuple[str, int]]:
        """The take of this text that an earlier life of this server, or another node, left open, and the position that
        is heard now: what lies between is missing.
        """
        state = self._live.state
        now = state.media_now(self._clock.wall())
        left: list[tuple[int, str, int]] = [
            (known.t, named[0], named[1] + to_samples(max(0, now - known.t)))
            for source, known in state.sources.items()
            if self._mine(source, known) and (named := take_of(source)) is not None
        ]
        return [(name, first) for _, name, first in sorted(left)[-1:]]

    def _mine(self, source: SourceId, known: Source) -> bool:
        named = take_of(source)
        return named is not None and is_pulled(named[0]) and known.channel == self.source.channel and not known.ended
