"""Respeakers at the microphone's door: who may, who hears whom, and what is written when their connection ends."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import MOST_TOKEN
from moothall.core.events import lines as le
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from moothall.wire import audio
from moothall.wire.close_codes import CloseCode
from support.halls.microphone_door import Door, door, say, shut, told, until
from support.memory.hall import FLOOR
from support.memory.microphone import RATE, STEP, greeting
from support.memory.respeaking import LAG_MS, Listener, lines_of, said, speech

AS_ANN, AS_BEN = "/s/s/audio?respeak=ann", "/s/s/audio?respeak=ben"


async def opened(at: Door) -> LiveSession:
    live = await at.hall.session()
    await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
    return live


class Microphone:
    """A page that sends what it hears, and keeps what it can't send."""

    def __init__(self, at: Door, live: LiveSession, take: str, *, lag: int = 0, since: int = 0) -> None:
        self._at, self._live, self._take, self._lag, self._since = at, live, take, lag, since
        self._began = self._now

    @property
    def _now(self) -> int:
        return self._live.state.media_now(self._at.hall.clock.wall())

    async def greet(self, socket: aiohttp.ClientWebSocketResponse) -> int:
        """Say hello, and where to send from."""
        await say(socket, greeting(self._take, age=self._now - self._began))
        return int((await until(socket, "go"))["at"])

    async def speak(self, socket: aiohttp.ClientWebSocketResponse, at: int, until_ms: int) -> int:
        """Send from a position on, as it is heard, up to media ms `until_ms`; where that is."""
        while (t := self._began + at * 1_000 // RATE) < until_ms:
            waits = t + STEP * 1_000 // RATE - self._now
            await self._at.hall.clock.sleep(max(0, waits))
            pcm = speech(t, STEP, self._lag, self._since)
            await socket.send_bytes(audio.encode_piece(audio.Piece(first=at, age=max(0, -waits), pcm=pcm)))
            at += STEP
        return at


def air(live: LiveSession) -> tuple[le.AirSource, str]:
    now = live.state.channels[FLOOR].air
    return now.source, now.holder


def words(live: LiveSession) -> list[str]:
    return " ".join(text for _, text in lines_of(live.state)).split()


def test_a_respeaker_is_heard_beside_the_floor_over_a_cut_link_and_the_floor_again_when_they_stop() -> None:
    async def story() -> None:
        async with door(Listener()) as at, at.connected() as socket:
            live = await opened(at)
            floor = Microphone(at, live, "takeone1")
            speaking = asyncio.ensure_future(floor.speak(socket, await floor.greet(socket), 40_000))
            await at.hall.clock.sleep(10_000)
            ann = Microphone(at, live, "takeann1", lag=LAG_MS, since=10)
            async with at.connected("ann", AS_ANN) as link:
                await ann.speak(link, await ann.greet(link), 16_000)
                assert air(live) == (le.AirSource.RESPEAKER, "ann")
            await at.hall.clock.sleep(1_500)
            async with at.connected("ann", AS_ANN) as link:
                there = await ann.greet(link)
                assert abs(there - 6 * RATE) <= STEP
                end = await ann.speak(link, there, 25_000)
                await say(link, audio.End(at=end, reason=audio.TakeEndReason.STOPPED))
                await until(link, "ended")
            await speaking
            assert air(live) == (le.AirSource.MACHINE, "")
            assert [respoken for respoken, _ in lines_of(live.state)] == [False, True, False]
            assert words(live) == said(40)

    loop.run(story())


def test_who_takes_over_is_heard_and_the_one_before_is_told() -> None:
    async def story() -> None:
        async with door(Listener()) as at:
            live = await opened(at)
            async with at.connected("ann", AS_ANN) as first, at.connected("ben", AS_BEN) as second:
                ann, ben = Microphone(at, live, "takeann1"), Microphone(at, live, "takeben1", since=5)
                await ann.speak(first, await ann.greet(first), 5_000)
                there = await ben.greet(second)
                assert air(live) == (le.AirSource.RESPEAKER, "ben")
                assert await shut(first) == CloseCode.REPLACED
                await ben.speak(second, there, 10_000)
                person = do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON)
                await live.writer.send(Actor(Role.CAPTIONER, "ann"), CommandId("type"), person)
                await until(second, "over")
                assert words(live) == said(10)
                async with at.connected("ben", AS_BEN) as again:
                    await say(again, greeting("takeben1"))
                    assert (await told(again))["kind"] == "ended"
                assert air(live) == (le.AirSource.PERSON, "ann")

    loop.run(story())


@pytest.mark.parametrize(
    ("link", "path", "code"),
    [
        ("ann", AS_BEN, CloseCode.FORBIDDEN),
        ("c1", "/s/s/audio?respeak=1", CloseCode.FORBIDDEN),
        ("ann", "/s/s/audio", CloseCode.FORBIDDEN),
        ("i1", "/s/s/audio?respeak=1", CloseCode.FORBIDDEN),
        ("ann", "/s/none/audio?respeak=1", CloseCode.UNKNOWN_SESSION),
    ],
)
def test_who_may_not_is_told_so(link: str, path: str, code: CloseCode) -> None:
    async def story() -> None:
        async with door() as at:
            await opened(at)
            async with at.connected(link, path) as socket:
                await say(socket, greeting())
                assert await shut(socket) == code

    loop.run(story())


def test_nobody_takes_over_from_a_higher_token_nor_goes_on_air_before_the_meeting() -> None:
    async def story() -> None:
        async with door() as at:
            live = await at.hall.session()
            async with at.connected("ann", "/s/s/audio?respeak=1") as socket:
                await say(socket, greeting())
                assert await shut(socket) == CloseCode.BAD_REQUEST
            put = do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON, token=MOST_TOKEN - 1)
            acts: list[do.AnyCommand] = [do.OpenSession(), put]
            await live.writer.send(Actor(Role.TECHNICIAN, "t1"), CommandId("open"), acts)
            async with at.connected("ann", AS_ANN) as socket:
                await say(socket, greeting())
                assert await shut(socket) == CloseCode.FORBIDDEN
            assert air(live) == (le.AirSource.PERSON, "t1")

    loop.run(story())
