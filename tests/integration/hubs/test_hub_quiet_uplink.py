"""A hub whose uplink freezes: its pages soon say since when nothing arrived, and so do the hubs below it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession

from moothall.testing.clock import LoopClock
from moothall.testing.loop import run as on_a_jumping_loop
from moothall.wire.frames import Freshness
from moothall.wire.hubs import messages as wire
from moothall_hub.app import RunningHub, hub
from moothall_hub.pairing.pairing import Pairing
from moothall_hub.settings import HubSettings
from moothall_hub.uplink.status_bar import UplinkNow, UplinkStatus
from support.hubs.server import WELCOME, Visit, hub_server


async def answers(visit: Visit, age: int) -> None:
    """Answer the hub's pulses, as a server above does, until cancelled."""
    while True:
        message = wire.decode_from_hub(await visit.socket.recv(decode=False))
        if isinstance(message, wire.HubPulse) and not message.echo:
            await visit.say(wire.HubPulse(sent=1, echo=message.sent, wall=WELCOME.wall, age=age))


async def passed(clock: LoopClock, ms: int) -> None:
    await clock.sleep(ms)


async def at_phone(on: RunningHub, path: str) -> str:
    async with ClientSession() as phone, phone.get(on.own + path) as answer:
        return await answer.text()


@pytest.mark.parametrize("age", [0, 3_000])
def test_a_frozen_link_is_down_since_nothing_came_and_good_again_when_something_does(tmp_path: Path, age: int) -> None:
    """`age`: what the server above says of how long ago it heard the centre."""

    async def story() -> None:
        clock = LoopClock()
        settings = HubSettings(host="127.0.0.1", port=0, data=str(tmp_path))
        async with hub_server() as server, hub(settings, own_clock=clock) as on:
            pairing = Pairing(address=server.address, hub="kisumu", title="Kisumu", key="k" * 52, keys={})
            await on.parts.uplink.paired(pairing)
            visit = await server.visits.get()
            above = ("c" * 16,) if age == 0 else ("c" * 16, "n" * 16)
            await visit.greet(msgspec.structs.replace(WELCOME, above=above, age=age))
            answering = asyncio.ensure_future(answers(visit, age))
            await passed(clock, 70_000)
            assert on.parts.uplink.now().state is UplinkStatus.GOOD
            assert on.parts.uplink.source.age <= wire.PULSE_MS + age
            assert not on.parts.uplink.source.lost

            answering.cancel()  # From here on nothing comes: neither side's system says a word of it.
            await asyncio.gather(answering, return_exceptions=True)
            heard = clock.monotonic() - on.parts.uplink.source.age + age
            since = on.parts.uplink.clock.wall_at(heard)
            await passed(clock, wire.PULSE_MS + wire.ANSWER_MS)
            assert on.parts.uplink.now() == UplinkNow(state=UplinkStatus.DOWN, since=since)
            assert '"kind": "down"' in await at_phone(on, "/uplink?ui=en")
            assert on.parts.uplink.source == Freshness(age=clock.monotonic() - heard + age, lost=True)

            await visit.say(wire.HubPulse(sent=1, echo=0, wall=WELCOME.wall, age=age))
            while on.parts.uplink.now().state is not UplinkStatus.GOOD:
                await passed(clock, 10)
            assert not on.parts.uplink.source.lost

    on_a_jumping_loop(story())


def test_a_hub_above_that_has_no_link_says_since_when(tmp_path: Path) -> None:
    async def story() -> None:
        clock = LoopClock()
        async with (
            hub_server() as server,
            hub(HubSettings(host="127.0.0.1", port=0, data=str(tmp_path)), own_clock=clock) as on,
        ):
            await on.parts.uplink.paired(
                Pairing(address=server.address, hub="kisumu", title="Kisumu", key="k" * 52, keys={})
            )
            visit = await server.visits.get()
            await visit.greet()
            await visit.say(wire.Above(above=("c" * 16, "n" * 16), up=False, age=31_000))
            while on.parts.uplink.now().state is not UplinkStatus.DOWN:
                await passed(clock, 10)
            since = on.parts.uplink.now().since
            assert since is not None
            assert on.parts.uplink.clock.wall() - since == pytest.approx(31_000, abs=200)
            assert on.parts.uplink.source.lost

    on_a_jumping_loop(story())
