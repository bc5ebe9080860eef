"""What sessions say of their sound."""

from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events.types import SealVersion, SoundKept
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.sessions.sessions import UNUSED_MS
from moothall.services.sound.recording import SWEEP_MS
from moothall.services.sound.sharing import Sharing, Sharings
from moothall.testing import loop
from support.cluster.following import DamagedLog
from support.memory.hall import SESSION
from support.memory.recordings import scene
from support.sessions.recorder import EPOCH


def test_what_a_session_says_of_its_sound() -> None:
    async def story() -> None:
        async with scene(1) as it:
            sessions, told = it.hall.sessions, Sharings(it.hall.log)
            assert await told.of(SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=False)
            await it.command("close", do.CloseSession())
            await it.command("raw", do.SealRecord(version=SealVersion.RAW))
            await it.hall.clock.sleep(10)
            assert await told.of(SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=False)
            await it.command("checked", do.SealRecord(version=SealVersion.CHECKED))
            await it.hall.clock.sleep(10)
            assert await told.of(SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=True)
            assert await told.of(SessionId("nowhere")) is None
            await sessions.open(SessionId("empty"))
            assert await told.of(SessionId("empty")) is None

    loop.run(story())


def test_asking_what_a_session_says_of_its_sound_neither_loads_it_nor_keeps_it_loaded() -> None:
    async def story() -> None:
        async with scene(1) as it:
            sessions, told = it.hall.sessions, Sharings(it.hall.log)
            await it.recording
            await it.command("close", do.CloseSession())
            for _ in range(2 * UNUSED_MS // SWEEP_MS):
                await it.hall.clock.sleep(SWEEP_MS)
                assert await told.of(SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=False)
            assert sessions.loaded(SESSION) is None
            live = await sessions.find(SESSION)
            assert live is not None
            await live.writer.send(SYSTEM, CommandId("checked"), do.SealRecord(version=SealVersion.CHECKED))
            assert await told.of(SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=True)
            await it.hall.clock.sleep(2 * UNUSED_MS)
            assert sessions.loaded(SESSION) is None
            assert await told.of(SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=True)
            assert sessions.loaded(SESSION) is None
            anew = Sharings(it.hall.log)
            assert await anew.of(SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=True)
            assert sessions.loaded(SESSION) is None

    loop.run(story())


async def test_where_a_log_can_t_be_read_its_sound_is_erased_in_time() -> None:
    log = DamagedLog()
    await log.acquire(SESSION, EPOCH, 7)
    log.damaged = frozenset({SESSION})
    assert await Sharings(log).of(SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=False)


def test_a_copy_that_is_not_up_to_date_says_nothing() -> None:
    async def story() -> None:
        async with scene(1) as it:
            sharings = Sharings(it.hall.log)
            assert await sharings.of_copy(lambda _: True, SESSION) == Sharing(SoundKept.UNTIL_CHECKED, checked=False)
            with pytest.raises(StorageUnavailable):
                await sharings.of_copy(lambda _: False, SESSION)
            with pytest.raises(StorageUnavailable):
                await sharings.of_copy(lambda _: True, SessionId("nowhere"))

    loop.run(story())
