"""Fetches one stream into a channel, again whenever it is lost, for as long as the meeting is on.

A run of a stream that gave sound is a take, like a microphone's: the time between two runs is a gap, and the times on
both sides stay true. A microphone that sends to the same channel has precedence over the stream.
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
from moothall.core.sessions.parts import SessionSource
from moothall.core.sessions.state import ON
from moothall.core.streams.watching import STEADY_MS, Heartbeat, Pacing, StreamFault, StreamProperties, wait_ms
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import to_samples
from moothall.services.sound.live_take import LiveTake, take_of
from moothall.services.supervision.waiting import within
from moothall.wire.audio import PROTOCOL, Piece, TakeEndReason, TakeHello

logger = logging.getLogger(__name__)

CHUNK = 3_200
"""Most samples in one read (200 ms)."""
BYTES = 2
LOOK_MS = 1_000
"""Interval at which it is checked whether a microphone still has the channel, in ms."""
BURST_MS = 1_000
"""Time at the start of a stream with a burst, in ms, whose sound is dropped: some of it may have been heard before."""
PREFIX = "pull"
"""Prefix of the names of streams' takes; twelve hexadecimal digits follow."""


def is_pulled(take: str) -> bool:
    """Whether a take of this name is a stream's."""
    return take.startswith(PREFIX)


class PulledSource(msgspec.Struct, frozen=True, kw_only=True):
    """A stream and the channel that it feeds. `address` may hold a password: it goes into no log and to no reader."""

    session: SessionId
    channel: ChannelId
    name: str
    """Distinguishes several sources of one channel: a single stream is `stream`, a bridge names each of its people."""
    address: str
    entered: int = 0
    """When the address was entered, Unix ms."""
    over: bool = False
    """Whether the stream is over and isn't fetched again, as after the end of a recording."""
    trouble: StreamFault | None = None
    """Why it isn't fetched again, where it didn't end by itself."""

    @property
    def key(self) -> str:
        """Unique name of the source among all sources."""
        return f"{self.session}/{self.channel}/{self.name}"


class StreamLost(MoothallError):
    """Raised where a stream gives no sound, or no more."""

    def __init__(self, trouble: StreamFault, number: int = 0) -> None:
        super().__init__(f"The stream gives no sound: {trouble}.")
        self.trouble = trouble
        self.number = number
        """The server's status code where `trouble` is STATUS, else 0."""


class StreamOver(MoothallError):
    """Raised where a recording was fetched to its end before, so that nothing is left to continue."""

    def __init__(self) -> None:
        super().__init__("All of the recording was fetched before.")


class StreamRun(Protocol):
    """One connection to a stream while it is being fetched."""

    @property
    def found(self) -> StreamProperties | None:
        """What kind of sound the stream has; None before the first sample."""
        ...

    @property
    def bursts(self) -> bool:
        """Whether the sound at its start is older than the connection; known with the first sample."""
        ...

    @property
    def once(self) -> bool:
        """Whether fetching it again would begin at its start, as with a file; known with the first sample."""
        ...

    async def read(self, samples: int) -> bytes:
        """At least one and at most `samples` samples (PCM16 mono, 16 kHz); none once the stream came to its own end.

        Raises StreamLost.
        """
        ...


class StreamPort(Protocol):
    """Fetches streams. A bridge to a conference fetches its people by the same port, one source with a name for
    each.
    """

    def fetch(self, address: str, source: str = "") -> AbstractAsyncContextManager[StreamRun]:
        """Begin to fetch a stream; leaving the context ends it and all processes that serve it. Raises StreamLost.

        A `source` that is fetched again continues after what it was given before; where that was all of a recording
        StreamOver is raised. With an empty name it begins anew.
        """
        ...


class PullState(StrEnum):
    """The state of a source."""

    WAITING = "waiting"
    """The meeting isn't on."""
    STARTING = "starting"
    SOUND = "sound"
    LOST = "lost"
    """The stream is retried."""
    HELD = "held"
    """A microphone sends sound for the channel."""
    OVER = "over"


class Pulling:
    """Fetches one source while its meeting is on. `run` may be started again after a failure, and continues."""

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
        """Whether sound was taken from a stream that would begin at its start if it were fetched again."""
        self._heard = clock.monotonic()
        self.state = PullState.STARTING
        self.trouble: StreamFault | None = None
        """Why the sound was last lost; None while there is sound."""
        self.number = 0
        self.found: StreamProperties | None = None
        self.fetched = 0
        """Number of attempts to fetch the stream."""

    def lost_for(self, now: int) -> int:
        """Time since the stream last gave sound, in ms; 0 where none is expected."""
        return 0 if self.state in (PullState.HELD, PullState.OVER) else max(0, now - self._heard)

    async def run(self) -> bool:
        """Fetch until the meeting is closed. Returns True where the stream was over before that: it came to its own
        end, or it is a file that was lost half way (`trouble`), whose words would be repeated.
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
                self.state, self.trouble = PullState.LOST, StreamFault.NOT_TAKEN
                await self._clock.sleep(LOOK_MS)
                continue
            if self._once:
                self.state, self.trouble = PullState.OVER, StreamFault.CUT_SHORT
                await self.finish(TakeEndReason.LOST)
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
                lost = StreamLost(StreamFault.NOT_TAKEN)
            except StreamLost as error:
                lost = error
            else:
                if ended:
                    self.state, self.trouble = PullState.OVER, None
                    await self.finish(TakeEndReason.STOPPED)
                    return True
                failures = 0
                continue
            self.state, self.trouble, self.number = PullState.LOST, lost.trouble, lost.number
            await self.finish(TakeEndReason.LOST)
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

    async def finish(self, reason: TakeEndReason) -> None:
        """End the stream's take, if it has one."""
        if self._take is not None:
            await self._take.finish(reason)
            self._take = None

    def _microphone(self) -> bool:
        """Whether a microphone has the channel. A disconnected one has it until it is stopped."""
        now = self._ingest.current(self.source.session, self.source.channel)
        return now is not None and not now.finished and not is_pulled(now.name)

    def _stopped(self) -> bool:
        """Whether the channel's sound failed too often. A take of another name would lift that, so a stream must not
        begin one: only a person may decide to retry.
        """
        return self._ingest.stopped(self.source.session, self.source.channel)

    async def _fetch(self) -> bool:
        """Fetch the stream once; return whether it came to its own end. False where a microphone took the channel, or
        the meeting was closed.
        """
        self.fetched += 1
        try:
            async with self._streams.fetch(self.source.address, self.source.key) as run:
                return await self._taken(run)
        except StreamOver:
            return True

    async def _taken(self, run: StreamRun) -> bool:
        """Take in the sound of one run; the result is that of `_fetch`."""
        pacing: Pacing | None = None
        came: int | None = None
        heart = Heartbeat()
        while self._live.state.status in ON:
            asked = self._clock.monotonic()
            pcm = await within(run.read(CHUNK), self._clock, heart.left) if heart.left else None
            if pcm is None:
                raise StreamLost(StreamFault.SILENT)
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
            # Its rate differs from the session's clock: it continues as a new source at the present time.
            if take.apart:
                take = self._take = await self._begun()
            now = self._clock.monotonic()
            await take.feed(Piece(first=take.received, age=0, pcm=pcm), now)
        return False

    async def _begun(self) -> LiveTake:
        """Begin a take. The first one continues the take that an earlier run of a server left open.

        Raises StreamLost where none can be begun now.
        """
        if self._stopped():
            raise StreamLost(StreamFault.NOT_TAKEN)
        names = [(f"{PREFIX}{self._randomness.bytes(6).hex()}", 0)]
        if self._first:
            names = [*self._left(), *names]
        for name, first in names:
            hello = TakeHello(protocol=PROTOCOL, channel=self.source.channel, take=name, first=first, age=0)
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
        raise StreamLost(StreamFault.NOT_TAKEN)

    def _left(self) -> list[tuple[str, int]]:
        """The name of the take of this channel that an earlier run of this server, or another node, left open, and the
        position that is heard now: the sound in between is missing. Empty where there is none.
        """
        state = self._live.state
        now = state.media_now(self._clock.wall())
        left: list[tuple[int, str, int]] = [
            (known.t, named[0], named[1] + to_samples(max(0, now - known.t)))
            for source, known in state.sources.items()
            if self._mine(source, known) and (named := take_of(source)) is not None
        ]
        return [(name, first) for _, name, first in sorted(left)[-1:]]

    def _mine(self, source: SourceId, known: SessionSource) -> bool:
        named = take_of(source)
        return named is not None and is_pulled(named[0]) and known.channel == self.source.channel and not known.ended
