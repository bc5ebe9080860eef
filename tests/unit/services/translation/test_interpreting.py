from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId
from moothall.core.signals import ChannelState, Sound, StandIn
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.translation.interpreting import Interpreting
from moothall.testing.loop import run
from support.memory.hall import FLOOR, MemoryHall, memory_hall

ES, MT = ChannelId("es"), ChannelId("mt-es")
AWAY = [StandIn(channel=ES, instead=MT), StandIn(channel=MT, instead=None)]
BACK = [StandIn(channel=ES, instead=None), StandIn(channel=MT, instead=ES)]


class Meeting:
    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        self.hall, self.live = hall, live
        self.told: list[StandIn] = []
        live.writer.listen(
            lambda publication: self.told.extend(each for each in publication.signals if isinstance(each, StandIn))
        )

    async def speak(self, seconds: int, *channels: ChannelId) -> None:
        for _ in range(seconds):
            for channel in channels:
                self.live.writer.signal(ChannelState(channel=channel, sound=Sound.SPEECH, lag=0, t=0))
            await self.hall.clock.sleep(1_000)


@asynccontextmanager
async def meeting(*, translated: bool = True) -> AsyncIterator[Meeting]:
    async with memory_hall() as hall:
        watch = Interpreting(hall.sessions, hall.clock)
        task = asyncio.ensure_future(watch.run())
        live = await hall.session()
        commands: list[do.AnyCommand] = [
            do.OpenSession(),
            do.AddChannel(channel=ES, kind=ChannelKind.INTERPRETATION, languages=("es-MX",)),
        ]
        if translated:
            commands.append(do.AddChannel(channel=MT, kind=ChannelKind.TRANSLATION, languages=("es",)))
        assert isinstance(await live.writer.send(SYSTEM, CommandId("c"), commands), Receipt)
        try:
            yield Meeting(hall, live)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def test_readers_are_sent_to_the_translation_and_back() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.speak(30, FLOOR, ES)
            assert on.told == BACK, "they may have been sent there before the server was started again"
            on.told.clear()
            await on.speak(14, FLOOR)
            assert on.told == []
            await on.speak(3, FLOOR)
            assert on.told == AWAY
            await on.speak(30, FLOOR)
            assert on.told == AWAY, "once"
            await on.speak(1, ES)
            assert on.told == [*AWAY, *BACK]
            await on.speak(20, FLOOR)
            assert on.told == [*AWAY, *BACK, *AWAY], "and again"

    run(story())


def test_a_translation_that_comes_while_the_interpreter_is_silent_is_what_readers_are_sent_to() -> None:
    """As one does whose language is added while the meeting is on."""

    async def story() -> None:
        async with meeting(translated=False) as on:
            await on.speak(30, FLOOR)
            assert on.told == [], "there is nothing to send anybody to"
            made = do.AddChannel(channel=MT, kind=ChannelKind.TRANSLATION, languages=("es",))
            assert isinstance(await on.live.writer.send(SYSTEM, CommandId("late"), made), Receipt)
            await on.speak(2, FLOOR)
            assert on.told == AWAY
            await on.speak(1, ES)
            assert on.told == [*AWAY, *BACK]

    run(story())


def test_an_interpreter_is_not_silent_while_nobody_speaks() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.speak(5, FLOOR, ES)
            on.told.clear()
            await on.speak(2, FLOOR)
            await on.hall.clock.sleep(120_000)
            await on.speak(5, FLOOR)
            assert on.told == [], "as long as the others have spoken since"
            await on.live.writer.send(SYSTEM, CommandId("p"), do.PauseSession())
            await on.speak(60, FLOOR)
            assert on.told == []
            await on.live.writer.send(SYSTEM, CommandId("r"), do.ResumeSession())
            await on.speak(14, FLOOR)
            assert on.told == [], "what sounded like speech in a break is not counted"

    run(story())


def test_without_a_translation_and_after_the_close_there_is_nothing_to_send_anybody_to() -> None:
    async def story() -> None:
        async with meeting(translated=False) as on:
            await on.speak(60, FLOOR)
            assert on.told == []
        async with meeting() as on:
            await on.speak(10, FLOOR)
            await on.live.writer.send(SYSTEM, CommandId("x"), do.CloseSession())
            await on.hall.clock.sleep(60_000)
            assert on.told == []

    run(story())
