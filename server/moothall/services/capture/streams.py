"""Manages the streams that feed meetings: stores them in the book, fetches them while their meetings are on, and tries
them beforehand.

The node that keeps the house fetches them, so they continue after a take-over. `services/sessions/forgetting.py`
decides when an address is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import NO_CHANNEL, RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.sessions.state import ON, Status
from moothall.core.streams.addresses import read_address
from moothall.core.streams.watching import START_MS, StreamFault, StreamProperties
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.capture.pulling import BYTES, CHUNK, PulledSource, Pulling, PullState, StreamLost, StreamPort
from moothall.services.sessions.forgetting import Forgetting
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.live_audio import RATE
from moothall.services.sound.loudness import Loudness
from moothall.services.supervision.supervising import failure_of, note_failure
from moothall.services.supervision.waiting import within
from moothall.wire.audio import TakeEndReason

logger = logging.getLogger(__name__)

NAMESPACE = "stream"
NAME = "stream"
"""Name of the source where a channel has only one."""
MOST_EACH = 16
"""Most streams of one meeting. Overflow: one more is refused."""
MOST_TRIED = 2
"""Most streams that are tried at a time. Overflow: one more is refused."""
LOOK_MS = 1_000
TRIED_MS = 2_000
"""Length of sound that is heard when a stream is tried, in ms."""
MOST_TRY_MS = 2 * START_MS
"""Time limit of such a trial, in ms. Overflow: the stream counts as silent, even where a little sound arrives now and
then."""


class PullStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a source, for the staff."""

    channel: ChannelId
    name: str
    shown: str
    """The address without its secret parts."""
    state: PullState
    trouble: StreamFault | None = None
    number: int = 0
    found: StreamProperties | None = None
    lost: int = 0
    """Time since it last gave sound, in s; 0 where none is expected."""


class TriedStream(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the trial of a stream."""

    shown: str
    found: StreamProperties | None = None
    level: int | None = None
    """The loudest level that was heard, in dBFS; None where all of it was digital silence."""
    trouble: StreamFault | None = None
    number: int = 0


_Key = tuple[SessionId, ChannelId, str]


class StreamSources:
    """All streams of all meetings. Call `load` first; streams are fetched only while `run` is running."""

    def __init__(
        self,
        *,
        book: Book,
        sessions: Sessions,
        ingest: LiveIngest,
        streams: StreamPort,
        forgetting: Forgetting,
        closing: Callable[[SessionId], bool],
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._book = book
        self._sessions = sessions
        self._ingest = ingest
        self._streams = streams
        self._forgetting = forgetting
        self._closing = closing
        self._clock = clock
        self._randomness = randomness
        # Bound: MOST_EACH for each meeting.
        self._sources: dict[_Key, PulledSource] = {}
        self._running: dict[_Key, tuple[Pulling, asyncio.Task[None]]] = {}
        self._stopping: set[_Key] = set()
        """Keys of running sources that are being ended; until then no other is begun for them. Bound: as `_running`."""
        self._trying = 0

    async def load(self) -> None:
        """Read the streams from the book. Raises StorageUnavailable."""
        for body in (await self._book.read(NAMESPACE)).values():
            try:
                source = read_json(body, PulledSource)
            except Unreadable:
                logger.warning("a stream in the book can't be read; it is passed over")
                continue
            self._sources[_key(source)] = source

    async def put(self, session: SessionId, channel: ChannelId, address: str, name: str = NAME) -> Refusal | None:
        """Feed a channel from a stream from now on, in place of the channel's earlier one of this name. Raises
        StorageUnavailable.
        """
        if read_address(address) is None:
            return refuse(RefusalCode.INVALID, "That is no address of a stream: http, https, rtsp, rtsps, rtmp, rtmps.")
        live = await self._sessions.find(session)
        known = None if live is None else live.state.channels.get(channel)
        if live is None or known is None or known.kind is ChannelKind.TRANSLATION:
            return NO_CHANNEL
        if live.state.status is Status.CLOSED:
            return refuse(RefusalCode.CONFLICT, "The session is closed.")
        now = self._clock.wall()
        source = PulledSource(session=session, channel=channel, name=name, address=address, entered=now)
        others = [each for each in self._of(session) if _key(each) != _key(source)]
        if len(others) >= MOST_EACH or any(each.channel == channel for each in others):
            # The port could fetch several names, but their sounds are not mixed, so a channel has one stream.
            return refuse(RefusalCode.BUSY, "This text has a stream already; take that away first.")
        await self._keep(source)
        await self._stop(_key(source))
        self._ingest.lift_stop(session, channel)
        return None

    async def remove(self, session: SessionId, channel: ChannelId, name: str = NAME) -> bool:
        """Stop feeding a channel from a stream; False where there was none. Raises StorageUnavailable."""
        key = (session, channel, name)
        if key not in self._sources:
            return False
        await self._book.write([BookEntry(NAMESPACE, _entry(key), None)])
        self._sources.pop(key, None)
        await self._stop(key)
        return True

    def feeds(self, session: SessionId, channel: ChannelId, address: str, name: str = NAME) -> bool:
        """Whether a channel is fed from this very address."""
        source = self._sources.get((session, channel, name))
        return source is not None and source.address == address

    def of(self, session: SessionId) -> Sequence[PullStatus]:
        """The states of a session's sources."""
        return [self._status(each) for each in self._of(session)]

    def lost_for(self, session: SessionId) -> int:
        """Longest time, in ms, for which a source of the session has given no sound though it should; 0 where there is
        none.
        """
        now = self._clock.monotonic()
        return max((each.lost_for(now) for key, (each, _) in self._running.items() if key[0] == session), default=0)

    async def try_it(self, address: str) -> TriedStream | Refusal:
        """Try a stream: listen to it for some seconds without feeding a channel; return what it is or what is wrong."""
        parts = read_address(address)
        if parts is None:
            return TriedStream(shown="", trouble=StreamFault.ADDRESS)
        if self._trying >= MOST_TRIED:
            return refuse(RefusalCode.BUSY, "Other streams are being tried; try this one in some seconds.")
        self._trying += 1
        try:
            tried = await within(self._try(address, parts.shown), self._clock, MOST_TRY_MS)
            return tried or TriedStream(shown=parts.shown, trouble=StreamFault.SILENT)
        finally:
            self._trying -= 1

    async def _try(self, address: str, shown: str) -> TriedStream:
        levels: list[int] = []
        samples, loudness = 0, Loudness()
        try:
            async with self._streams.fetch(address) as run:
                while samples < TRIED_MS * RATE // 1_000:
                    pcm = await within(run.read(CHUNK), self._clock, START_MS)
                    if pcm is None and not samples:
                        raise StreamLost(StreamFault.SILENT)
                    if not pcm:
                        break
                    samples += len(pcm) // BYTES
                    loudness.heard(pcm, now := self._clock.monotonic())
                    level = loudness.level(now)
                    levels += [] if level is None or loudness.dead_ms else [level]
                found = run.found
        except StreamLost as lost:
            return TriedStream(shown=shown, trouble=lost.trouble, number=lost.number)
        if found is None or not samples:
            return TriedStream(shown=shown, trouble=StreamFault.ENDED)
        return TriedStream(shown=shown, found=found, level=max(levels, default=None))

    async def run(self) -> None:
        """Fetch the streams of meetings that are on, until cancelled. Takes stay open then, and the next run continues
        them.
        """
        async with asyncio.TaskGroup() as group:
            try:
                while True:
                    for source in list(self._sources.values()):
                        await self._look(source, group)
                    await self._clock.sleep(LOOK_MS)
            finally:
                for _, task in self._running.values():
                    task.cancel()
                self._running.clear()

    async def _look(self, source: PulledSource, group: asyncio.TaskGroup) -> None:
        key = _key(source)
        running = self._running.get(key)
        if running is not None and running[1].done() and key not in self._stopping:
            del self._running[key]
            running = None
        try:
            over = await self._forgetting.due(source.session, source.entered)
        except (StorageUnavailable, RecordBroken):
            return
        if over:
            await self._let_go(key)
        if self._sessions.status_of(source.session) not in ON or running is not None:
            return
        if source.over or self._sources.get(key) is not source:
            return
        live = self._sessions.loaded(source.session)
        if live is None:
            return
        pulling = Pulling(
            source,
            live,
            ingest=self._ingest,
            streams=self._streams,
            closing=self._closing,
            clock=self._clock,
            randomness=self._randomness,
        )
        self._running[key] = (pulling, group.create_task(self._own(pulling)))

    async def _own(self, pulling: Pulling) -> None:
        """Run one source. After an unexpected failure the next look begins it again."""
        source = pulling.source

        async def fetched() -> None:
            if await pulling.run() and self._sources.get(_key(source)) is source:
                trouble = pulling.trouble
                over = self._sources[_key(source)] = msgspec.structs.replace(source, over=True, trouble=trouble)
                await self._keep(over)

        error = await failure_of(fetched)
        if error is not None:
            note_failure(error, f"session {source.session}: source {source.name} of {source.channel} failed")
            await self._clock.sleep(LOOK_MS)

    async def _let_go(self, key: _Key) -> None:
        try:
            await self.remove(*key)
        except StorageUnavailable:
            logger.warning("session %s: the address of its stream can't be deleted yet", key[0])

    async def _keep(self, source: PulledSource) -> None:
        await self._book.write([BookEntry(NAMESPACE, _entry(_key(source)), msgspec.json.encode(source))])
        self._sources[_key(source)] = source

    async def _stop(self, key: _Key) -> None:
        """End a running source and its take, since the next source would continue that take otherwise."""
        running = self._running.get(key)
        if running is None:
            return
        pulling, task = running
        self._stopping.add(key)
        try:
            task.cancel()
            await asyncio.wait({task})
            await pulling.finish(TakeEndReason.STOPPED)
        finally:
            self._stopping.discard(key)
            if self._running.get(key) is running:
                del self._running[key]

    def _of(self, session: SessionId) -> list[PulledSource]:
        return [each for each in self._sources.values() if each.session == session]

    def _status(self, source: PulledSource) -> PullStatus:
        parts = read_address(source.address)
        running = self._running.get(_key(source))
        pulling = None if running is None else running[0]
        idle = PullState.OVER if source.over else PullState.WAITING
        return PullStatus(
            channel=source.channel,
            name=source.name,
            shown="" if parts is None else parts.shown,
            state=idle if pulling is None else pulling.state,
            trouble=source.trouble if pulling is None else pulling.trouble,
            number=0 if pulling is None else pulling.number,
            found=None if pulling is None else pulling.found,
            lost=0 if pulling is None else pulling.lost_for(self._clock.monotonic()) // 1_000,
        )


def _key(source: PulledSource) -> _Key:
    return source.session, source.channel, source.name


def _entry(key: _Key) -> str:
    return "/".join(key)
