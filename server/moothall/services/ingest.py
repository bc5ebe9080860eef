"""From a source of audio to a session's text: opens the session, feeds the spool, waits for the last word, closes.

Begun again after a crash with the same session and source, it goes on where the spool ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from moothall.core.actors import SYSTEM
from moothall.core.commands import AnyCommand, AttachSource, CloseSession, EndSource, MapClock, OpenSession
from moothall.core.errors import AudioError, Refusal
from moothall.core.ids import ChannelId, CommandId, SourceId
from moothall.core.ports import Clock, SpoolStore
from moothall.core.session import Status
from moothall.services.live_audio import RATE, AudioSource, LiveAudio
from moothall.services.recognising import Recognising
from moothall.services.session_writer import SessionWriter

logger = logging.getLogger(__name__)

MAP_MS = 60_000
"""How often media time is mapped on wall time anew (docs/why/architecture.md, "Media time")."""
DRIFT_MS = 200
"""A mapping that is off by more is replaced at once."""
LOOK_MS = 1_000

OpenAudio = Callable[[int], AbstractAsyncContextManager[AudioSource]]
"""Opens a source at the given sample."""


class Ingest:
    """Plays sources into sessions."""

    def __init__(self, *, spools: SpoolStore, recognising: Recognising, clock: Clock) -> None:
        self._spools = spools
        self._recognising = recognising
        self._clock = clock
        self._playing: list[LiveAudio] = []

    async def play(
        self, writer: SessionWriter, source: SourceId, channel: ChannelId, open_audio: OpenAudio, *, as_live: bool
    ) -> None:
        """Play `source` into `channel`, from its beginning or from where an earlier run was cut, and close.

        Comes back when every word is in the log and the session is closed. Raises AudioError when the source fails;
        what was heard before is in the log then, too.
        """
        spool = await self._spools.open(writer.session, source)
        failure: AudioError | None = None
        try:
            async with open_audio(spool.end) as sound:
                audio = LiveAudio(source, spool, await self._begin(writer, source, channel, spool.end), self._clock)
                self._playing.append(audio)
                try:
                    failure = await self._carry(writer, channel, audio, sound, as_live=as_live)
                finally:
                    self._playing.remove(audio)
            await self._command(writer, f"end-source:{source}", EndSource(source=source, t=audio.end_ms))
            await self._command(writer, f"close:{source}", CloseSession())
            await audio.discard()
        finally:
            await spool.close()
        if failure is not None:
            raise failure

    def stop(self) -> None:
        """Take no more audio: everything that plays comes to its end, with its last words."""
        for audio in self._playing:
            audio.stop()

    async def _begin(self, writer: SessionWriter, source: SourceId, channel: ChannelId, spooled: int) -> int:
        """Open the session and attach the source where that hasn't been done; returns its media offset in ms."""
        if writer.state.status is Status.CREATED:
            await self._command(writer, "open", OpenSession())
        known = writer.state.sources.get(source)
        if known is None:
            t = writer.state.media_now(self._clock.wall()) if writer.state.sources else 0
            await self._command(
                writer, f"attach-source:{source}", AttachSource(source=source, channel=channel, t=t, rate=RATE)
            )
            return t
        logger.info("session %s: source goes on at sample %d", writer.session, spooled)
        t = known.t + spooled * 1000 // RATE
        if t >= writer.state.clock[0]:
            await self._command(writer, f"map:{source}:{self._clock.wall()}", MapClock(t=t))
        return known.t

    async def _carry(
        self, writer: SessionWriter, channel: ChannelId, audio: LiveAudio, sound: AudioSource, *, as_live: bool
    ) -> AudioError | None:
        failure: AudioError | None = None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._recognising.recognise(writer, channel, audio))
            mapping = group.create_task(self._map_clock(writer, audio)) if as_live else None
            try:
                await audio.carry(sound, as_live=as_live)
            except AudioError as error:
                failure = error
            if mapping is not None:
                mapping.cancel()
        return failure

    async def _map_clock(self, writer: SessionWriter, audio: LiveAudio) -> None:
        mapped = self._clock.monotonic()
        while True:
            await self._clock.sleep(LOOK_MS)
            wall, now = self._clock.wall(), self._clock.monotonic()
            drift = abs(writer.state.media_now(wall) - audio.end_ms)
            if (drift > DRIFT_MS or now - mapped >= MAP_MS) and audio.end_ms >= writer.state.clock[0]:
                mapped = now
                await self._command(writer, f"map:{audio.source}:{wall}", MapClock(t=audio.end_ms))

    async def _command(self, writer: SessionWriter, name: str, command: AnyCommand) -> None:
        answer = await writer.insist(SYSTEM, CommandId(name), command)
        if isinstance(answer, Refusal):
            logger.warning("session %s: '%s' was refused (%s)", writer.session, name, answer.code)
