from __future__ import annotations

import pytest

from moothall.core.commands import AnyCommand, NoteGap, OpenSession
from moothall.core.events.types import GapReason
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId
from moothall.services.engines.job import BACKOFF, Deaths, Job
from moothall.services.log.orders import Receipt
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.services.supervision.pulses import Fate
from moothall.testing import loop
from support.memory.hall import FLOOR, MIC, Sound, memory_hall


@pytest.mark.parametrize(("failures", "wait"), [(1, 1_000), (3, 4_000), (40, BACKOFF.last_ms)])
def test_it_waits_longer_each_time_that_nothing_was_accepted(failures: int, wait: int) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            job = Job(live.writer, FLOOR, LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock))
            for _ in range(failures):
                job.failed(5_000)
            assert job.not_before == 5_000 + wait
            assert job.behind == 0

    loop.run(story())


def test_after_a_restart_it_is_no_further_behind_than_its_last_word() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            await audio.carry(Sound(600 * RATE), as_live=False)
            gap = NoteGap(channel=FLOOR, t0=0, t1=597_000, reason=GapReason.STORAGE)
            commands: tuple[AnyCommand, ...] = (OpenSession(), gap)
            for number, command in enumerate(commands):
                assert isinstance(await live.writer.send(SYSTEM, CommandId(f"c{number}"), command), Receipt)
            assert Job(live.writer, FLOOR, audio).behind == 3_000

    loop.run(story())


FATES = {"crash": Fate.CRASHED, "crash2": Fate.CRASHED, "stuck": Fate.GIVEN_UP}
KILLED = {f"kill{number}": Fate.KILLED for number in range(5)}


def fate(life: str) -> Fate | None:
    return {**FATES, **KILLED}.get(life)


def test_two_that_broke_down_at_one_position_make_its_sound_a_gap_up_to_where_both_had_heard() -> None:
    deaths = Deaths()
    deaths.note("crash", 5_000, 7_300)
    assert deaths.deadly(5_000, fate) is None
    deaths.note("stuck", 5_000, 9_000)
    assert deaths.deadly(5_000, fate) == (5_000, 7_300)
    assert deaths.deadly(6_000, fate) is None, "words came meanwhile"
    deaths.forget()
    assert deaths.deadly(5_000, fate) is None


def test_one_that_got_on_in_between_is_another_position() -> None:
    deaths = Deaths()
    deaths.note("crash", 5_000, 7_000)
    deaths.note("crash2", 5_500, 7_000)
    assert deaths.deadly(5_500, fate) is None


def test_where_none_said_how_far_it_had_heard_a_second_is_stepped_over() -> None:
    deaths = Deaths()
    deaths.note("crash", 5_000, 3_000)
    deaths.note("crash2", 5_000, 4_000)
    assert deaths.deadly(5_000, fate) == (5_000, 6_000)


@pytest.mark.parametrize(("lives", "deadly"), [((*KILLED,)[:4], False), ((*KILLED,), True), (("lost", "gone"), False)])
def test_those_that_somebody_killed_or_whose_link_was_cut_say_little_of_the_sound(
    lives: tuple[str, ...], deadly: bool
) -> None:
    deaths = Deaths()
    for life in lives:
        deaths.note(life, 5_000, 7_000)
    assert (deaths.deadly(5_000, fate) is not None) == deadly
