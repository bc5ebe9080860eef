from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.commands import AnyCommand, CloseSession, IntroduceSpeaker, OpenSession, PauseSession, SetSpeaker
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SpeakerId
from moothall.core.signals import ChannelState, Sound
from moothall.services.control.speaker_watch import SpeakerWatch
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.loop import run
from support.memory.hall import FLOOR, MemoryHall, memory_hall

AMINA = SpeakerId("amina")


class Watched:
    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        self.hall = hall
        self.live = live
        self._done = 0

    async def do(self, command: AnyCommand) -> None:
        self._done += 1
        assert isinstance(await self.live.writer.send(SYSTEM, CommandId(f"t{self._done}"), command), Receipt)

    def hears(self, sound: Sound) -> None:
        self.live.writer.signal(ChannelState(channel=FLOOR, sound=sound, lag=0, t=0))

    async def after(self, seconds: float) -> SpeakerId | None:
        """Who is named that much later."""
        await self.hall.clock.sleep(round(seconds * 1000))
        return self.live.state.channels[FLOOR].speaker


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    """A session in which Amina speaks."""
    async with memory_hall() as hall:
        watch = SpeakerWatch(hall.sessions, hall.clock)
        task = asyncio.ensure_future(watch.run())
        made = Watched(hall, await hall.session())
        for command in (OpenSession(), IntroduceSpeaker(speaker=AMINA, name="Amina")):
            await made.do(command)
        await made.do(SetSpeaker(channel=FLOOR, speaker=AMINA))
        try:
            yield made
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def test_twenty_seconds_of_silence_take_the_name_away() -> None:
    async def story() -> None:
        async with watched() as on:
            on.hears(Sound.SPEECH)
            assert await on.after(60) == AMINA  # nothing was said of silence
            on.hears(Sound.SILENCE)
            assert await on.after(19) == AMINA
            on.hears(Sound.SILENCE)  # said again: it goes on
            assert await on.after(2.5) is None
            assert (await on.hall.log.read(on.live.id, 0, 100))[-1].header.role == "system"

    run(story())


def test_no_sound_at_all_counts_as_silence_and_speech_ends_it() -> None:
    async def story() -> None:
        async with watched() as on:
            on.hears(Sound.NONE)
            assert await on.after(15) == AMINA
            on.hears(Sound.SPEECH)
            on.hears(Sound.SILENCE)
            assert await on.after(15) == AMINA
            assert await on.after(7) is None

    run(story())


def test_a_name_given_in_the_silence_gets_a_silence_of_its_own() -> None:
    async def story() -> None:
        async with watched() as on:
            on.hears(Sound.SILENCE)
            await on.after(15)
            await on.do(SetSpeaker(channel=FLOOR, speaker=AMINA))
            assert await on.after(18) == AMINA
            assert await on.after(4) is None

    run(story())


def test_a_break_and_a_closed_session_are_left_alone() -> None:
    async def story() -> None:
        async with watched() as on:
            on.hears(Sound.SILENCE)
            await on.do(PauseSession())
            assert await on.after(40) == AMINA
            await on.do(CloseSession())
            assert await on.after(40) == AMINA

    run(story())
