"""Plays audio sources into a session: opens it, feeds the spool, waits for the last word, and closes it.

Started again after a crash with the same session and source, it continues where the spool ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import msgspec

from moothall.core.commands import AnyCommand, AttachSource, CloseSession, EndSource, MapClock, NoteGap, OpenSession
from moothall.core.events.types import GapReason
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import AudioError, Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SourceId
from moothall.core.ports import Clock, Spool, SpoolStore
from moothall.core.sessions.state import Status
from moothall.services.capture.closing import Closing
from moothall.services.engines.recognising import Recognising
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.consent import follow_consent
from moothall.services.sound.live_audio import RATE, AudioSource, LiveAudio, unheard_id

logger = logging.getLogger(__name__)

MAP_MS = 60_000
"""Interval at which media time is mapped to wall time anew, in ms (docs/why/architecture.md, "Media time")."""
DRIFT_MS = 200
"""A mapping that is off by more than this (ms) is replaced at once."""
LOOK_MS = 1_000
LOOKS = 10
"""Number of measurements in a row, one a second, in which a source has to lag before its lag counts as more than a
stall."""
FINISH_LOOK_MS = 100

OpenAudio = Callable[[int], AbstractAsyncContextManager[AudioSource]]
"""Opens a source at the given sample position."""


class Input(msgspec.Struct, frozen=True):
    """A source that is to be played, and the channel that it feeds."""

    source: SourceId
    channel: ChannelId
    open_audio: OpenAudio


class Ingest:
    """Plays sources into sessions."""

    def __init__(self, *, spools: SpoolStore, recognising: Recognising, clock: Clock, closing: Closing) -> None:
        self._spools = spools
        self._recognising = recognising
        self._clock = clock
        self._closing = closing
        self._playing: list[tuple[SessionWriter, ChannelId, LiveAudio]] = []
        closing.first(self.finish, self.awaits)

    async def play(
        self, writer: SessionWriter, source: SourceId, channel: ChannelId, open_audio: OpenAudio, *, as_live: bool
    ) -> None:
        """Play one source into one channel; all else as `play_together`."""
        await self.play_together(writer, (Input(source, channel, open_audio),), as_live=as_live)

    async def play_together(self, writer: SessionWriter, inputs: Sequence[Input], *, as_live: bool) -> None:
        """Play sources that begin at the same moment, from there or from where an earlier run was cut off, and close
        the session.

        Returns when every word is in the log and the session is closed. Raises AudioError when a source fails, after
        what was heard of it is in the log and the other sources were played to their ends.
        """
        failures: list[AudioError] = []
        async with AsyncExitStack() as stack:
            opened: list[tuple[Input, Spool, AudioSource]] = []
            for each in inputs:
                spool = await self._spools.open(writer.session, each.source)
                stack.push_async_callback(spool.close)
                opened.append((each, spool, await stack.enter_async_context(each.open_audio(spool.end))))
            t = await self._begin(writer, [(each, spool.end) for each, spool, _ in opened])
            audios = [LiveAudio(each.source, spool, t, self._clock) for each, spool, _ in opened]
            playing = [(writer, each.channel, audio) for (each, _, _), audio in zip(opened, audios, strict=True)]
            self._playing += playing
            if writer.state.closing is not None:  # An earlier run of the server was about to close it.
                for audio in audios:
                    audio.stop()
            try:
                async with asyncio.TaskGroup() as group:
                    carrying = [
                        group.create_task(
                            self._carry(writer, each.channel, audio, sound, as_live=as_live, maps=audio is audios[0])
                        )
                        for (each, _, sound), audio in zip(opened, audios, strict=True)
                    ]
                failures = [failure for task in carrying if (failure := task.result()) is not None]
                for audio in audios:
                    await self._command(
                        writer, f"end-source:{audio.source}", EndSource(source=audio.source, t=audio.end_ms)
                    )
            finally:
                self._playing = [each for each in self._playing if each not in playing]
            async with self._closing.at_rest(writer):
                if writer.state.status is not Status.CLOSED:  # Otherwise whoever stopped the sources has closed it.
                    await self._command(writer, f"close:{audios[0].source}", CloseSession())
            for audio in audios:
                await audio.discard()
        if failures:
            raise failures[0]

    def stop(self) -> None:
        """Take no more audio: all sources that play end, with their last words."""
        for _, _, audio in self._playing:
            audio.stop()

    def awaits(self, session: SessionId) -> bool:
        """Whether a source plays in the session."""
        return any(writer.session == session for writer, _, _ in self._playing)

    async def finish(self, session: SessionId, within_ms: int) -> bool:
        """Stop the sources of a session that is about to be closed.

        Returns when its last words are in the log, when no engine is there to hear them, or after `within_ms`; True
        where they are.
        """
        until = self._clock.monotonic() + within_ms
        while playing := [each for each in self._playing if each[0].session == session]:
            for _, _, audio in playing:
                audio.stop()
            ended = all(audio.ended for _, _, audio in playing)
            unheard = any(audio.unheard(writer.state, channel) for writer, channel, audio in playing)
            if ended and self._recognising.alone and not unheard:
                return True
            hopeless = ended and all(self._recognising.hopeless(session, channel) for _, channel, _ in playing)
            if hopeless or self._clock.monotonic() >= until:
                return False
            await self._clock.sleep(FINISH_LOOK_MS)
        return True

    async def _begin(self, writer: SessionWriter, inputs: Sequence[tuple[Input, int]]) -> int:
        """Open the session and attach the sources where that hasn't been done; return their media offset in ms.

        `inputs`: each source with the number of its samples that are spooled.
        """
        begins = writer.state.status is Status.CREATED
        if begins:
            await self._command(writer, "open", OpenSession())
        attached = writer.state.sources
        known = [attached[each.source].t for each, _ in inputs if each.source in attached]
        if known:
            t = known[0]
            spooled = inputs[0][1]
            logger.info("session %s: the source continues at sample %d", writer.session, spooled)
            now = t + spooled * 1000 // RATE
            wall = self._clock.wall()
            if now >= writer.state.clock[0]:
                await self._command(writer, f"map:{inputs[0][0].source}:{wall}", MapClock(t=now, at=wall))
        else:
            t = 0 if begins else writer.state.media_now(self._clock.wall())
        for each, _ in inputs:
            if each.source not in attached:
                command = AttachSource(source=each.source, channel=each.channel, t=t, rate=RATE)
                await self._command(writer, f"attach-source:{each.source}", command)
        return t

    async def _carry(
        self,
        writer: SessionWriter,
        channel: ChannelId,
        audio: LiveAudio,
        sound: AudioSource,
        *,
        as_live: bool,
        maps: bool,
    ) -> AudioError | None:
        failure: AudioError | None = None
        await audio.follow(writer.state.unkept)  # Before any sound is written to the disk.
        async with asyncio.TaskGroup() as group:
            consent = group.create_task(follow_consent(writer, audio))
            recognising = group.create_task(self._recognising.recognise(writer, channel, audio))
            recognising.add_done_callback(lambda _: consent.cancel())
            mapping = group.create_task(self._map_clock(writer, audio)) if as_live and maps else None
            try:
                await audio.carry(sound, as_live=as_live)
            except AudioError as error:
                failure = error
            if mapping is not None:
                mapping.cancel()
        missing = audio.unheard(writer.state, channel)
        if writer.state.status is Status.CLOSED and missing is not None:  # Its last words came too late.
            gap = NoteGap(channel=channel, t0=missing[0], t1=missing[1], reason=GapReason.OVERLOAD)
            await self._command(writer, unheard_id(audio.source), gap)
        return failure

    async def _map_clock(self, writer: SessionWriter, audio: LiveAudio) -> None:
        """Keep media time at the pace of the source.

        A source that stalls for a moment catches up, and what was said meanwhile was said in time. If the clock
        followed the stall, a span that is not recorded would begin before somebody asked for it. So the least delay of
        the last looks counts.
        """
        mapped, sure = self._clock.monotonic(), 1
        behind: deque[int] = deque(maxlen=LOOKS)  # Overflow: the oldest look is dropped.
        while True:
            await self._clock.sleep(LOOK_MS)
            wall, now = self._clock.wall(), self._clock.monotonic()
            media = writer.state.media_now(wall)
            behind.append(media - audio.end_ms)
            least = min(behind)
            drifts = least < -DRIFT_MS or (least > DRIFT_MS and len(behind) >= sure)
            if (drifts or now - mapped >= MAP_MS) and media - least >= writer.state.clock[0]:
                mapped, sure = now, LOOKS
                behind.clear()
                await self._command(writer, f"map:{audio.source}:{wall}", MapClock(t=media - least, at=wall))

    async def _command(self, writer: SessionWriter, name: str, command: AnyCommand) -> None:
        answer = await writer.insist(SYSTEM, CommandId(name), command)
        if isinstance(answer, Refusal):
            logger.warning("session %s: the command '%s' was refused (%s)", writer.session, name, answer.code)
