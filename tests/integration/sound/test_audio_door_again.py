"""A microphone is disconnected with 1001, because its sound failed in the server or disagrees with the session's clock:
it reconnects, and nothing is missing.
"""

from __future__ import annotations

from pathlib import Path

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.services.sound.live_take import LiveTake
from moothall.testing import loop
from moothall.testing.log_memory import FailingLog
from moothall.wire import audio
from moothall.wire.audio import TakeEndReason
from moothall.wire.close_codes import CloseCode
from support.halls.microphone_door import door, say, send, shut, told, until
from support.memory.hall import MemoryHall
from support.memory.microphone import RATE, Ears, greeting, sound
from support.sound.spools import OddSpools


def test_sound_that_fails_sends_its_microphone_away_and_takes_what_was_not_safe_again(tmp_path: Path) -> None:
    async def story() -> None:
        ears, spools = Ears(), OddSpools(DiskSpools(tmp_path))
        async with door(ears, MemoryHall(FailingLog(), spools)) as at:
            live = await at.hall.session()
            async with at.connected() as socket:
                await say(socket, greeting())
                await told(socket)
                await send(socket, 0, 2 * RATE)
                safe = (await until(socket, "safe"))["at"]
                spools.failing = {live.id}
                await send(socket, 2 * RATE, 3 * RATE)
                assert await shut(socket) == CloseCode.GOING_AWAY
            spools.failing = set()
            while True:
                async with at.connected() as socket:
                    await say(socket, greeting(first=safe, age=1_000))
                    message = await socket.receive()
                    if isinstance(message.data, str):
                        break
                    assert message.data == CloseCode.TRY_LATER  # It is being begun again.
                    await at.hall.clock.sleep(500)
            async with at.connected() as socket:
                await say(socket, greeting(first=safe, age=1_000))
                first = (await until(socket, "go"))["at"]
                assert safe <= first <= 3 * RATE
                await send(socket, safe, 4 * RATE)
                await say(socket, audio.End(at=4 * RATE, reason=TakeEndReason.STOPPED))
                await until(socket, "ended")
            await at.hall.clock.sleep(1_000)
            assert ears.heard[-1][2] == sound(0, 4 * RATE)

    loop.run(story())


def test_sound_that_lies_apart_from_the_clock_goes_on_where_it_is_heard() -> None:
    async def story() -> None:
        ears = Ears()
        async with door(ears) as at:
            live = await at.hall.session()
            async with at.connected() as socket:
                await say(socket, greeting())
                await told(socket)
                await send(socket, 0, 2 * RATE)
                safe = (await until(socket, "safe"))["at"]
                await at.hall.clock.sleep(2_500)
                take = await at.hall.live.begin(live.id, greeting())
                assert isinstance(take, LiveTake)
                await take.part()
                assert await shut(socket) == CloseCode.GOING_AWAY
            async with at.connected() as socket:
                await say(socket, greeting(first=safe, age=(2 * RATE - safe) * 1000 // RATE))
                assert (await until(socket, "go"))["at"] == 2 * RATE
                await send(socket, 2 * RATE, 3 * RATE)
                await say(socket, audio.End(at=3 * RATE, reason=TakeEndReason.STOPPED))
                await until(socket, "ended")
            await at.hall.clock.sleep(1_000)
            assert b"".join(pcm for _, _, pcm in ears.heard) == sound(0, 3 * RATE)
            assert ears.heard[1][1] > 2_400

    loop.run(story())
