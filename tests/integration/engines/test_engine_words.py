"""A script's words, and exactly these, come out: the real policy, acts and drivers on a link without a socket."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Sequence

import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RefusalCode
from moothall.testing.engine_channel import EngineChannel
from moothall.testing.engine_link import EngineServerEnd, engine_link
from moothall.testing.loop import run
from moothall.testing.scripted import Script, make_script, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.live import run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity

PASS_S = 0.12
HELLO = wire.EngineHello(protocol=wire.PROTOCOL, name="engine", model="scripted", languages=(), channels=4)


def said(script: Script) -> list[str]:
    return [word.text.strip() for word in script.words]


class Room:
    """A channel, and one engine link after another until it is drained."""

    def __init__(self, script: Script) -> None:
        self.channel = EngineChannel(render(script))
        self.recognizer = ScriptedRecognizer(script)
        self.links = 0
        self.link: EngineServerEnd | None = None

    async def recognise(self, windows: Sequence[Window]) -> Sequence[Hypothesis]:
        await asyncio.sleep(PASS_S)
        return self.recognizer.recognise_all(windows)

    async def run(
        self,
        reached: Callable[[int], Awaitable[None]] | None = None,
        answered: Callable[[wire.PassAct], None] = lambda _: None,
    ) -> None:
        while not self.channel.drained:
            clock = EngineClock()
            session = LinkSession(
                HELLO,
                voice=ScriptedVoiceActivity,
                media=lambda attach: ArrivalTime(attach.audio_from),
                cpu_ms=clock.cpu_ms,
            )
            ours, self.link = engine_link()
            self.links += 1
            async with asyncio.TaskGroup() as group:
                group.create_task(run_live(session, ours, self.recognise, clock))
                await self.channel.serve(self.link, reached or as_live(), answered)
                self.link.cut()

    def cut(self) -> None:
        assert self.link is not None
        self.link.cut()


def as_live() -> Callable[[int], Awaitable[None]]:
    began: list[float] = []

    async def reached(t: int) -> None:
        now = asyncio.get_running_loop().time()
        if not began:
            began.append(now - t / 1000)
        await asyncio.sleep(max(0.0, began[0] + t / 1000 - now))

    return reached


async def as_fast_as_it_goes(_: int) -> None:
    await asyncio.sleep(0)  # The engine's tasks get their turn, and no time passes.


@pytest.mark.parametrize("pace", [as_live, lambda: as_fast_as_it_goes])
@pytest.mark.parametrize("seed", range(4))
def test_exactly_the_words_of_the_script_come_out(
    seed: int, pace: Callable[[], Callable[[int], Awaitable[None]]]
) -> None:
    script = make_script(seed, 60)
    room = Room(script)
    run(room.run(pace()))
    assert room.channel.words == said(script)
    assert room.channel.open_segment is None
    assert room.links == 1


def test_every_word_keeps_its_time() -> None:
    script = make_script(3, 60)
    room = Room(script)
    run(room.run())
    commits = [event for event in room.channel.events if isinstance(event, le.WordsCommitted)]
    words = [word for event in commits for word in event.words]
    assert [word.t0 for word in words] == [word.t0 for word in script.words]
    # The end of a word is kept within the frames of 32 ms in which there is speech.
    assert all(abs(word.t1 - made.t1) <= 32 for word, made in zip(words, script.words, strict=True))


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(each, marks=pytest.mark.slow) for each in range(6, 24))])
def test_links_that_are_cut_anywhere_lose_and_double_nothing(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it has to repeat
    script = make_script(seed, 80)
    room = Room(script)
    pace = as_live()
    cuts = sorted(chance.sample(range(500, script.end), 6))
    lost_answers = set(chance.sample(range(1, 60), 5))
    count = itertools.count(1)

    async def reached(t: int) -> None:
        await pace(t)
        if cuts and t >= cuts[0]:
            del cuts[0]
            room.cut()

    def answered(_: wire.PassAct) -> None:
        if next(count) in lost_answers:  # Stored, and the engine never hears of it.
            room.cut()

    run(room.run(reached, answered))
    assert room.channel.words == said(script)
    assert room.channel.open_segment is None
    assert room.links > 6


@pytest.mark.parametrize("code", [RefusalCode.UNAVAILABLE, RefusalCode.BUSY])
def test_what_cannot_be_stored_for_a_while_is_kept(code: RefusalCode) -> None:
    script = make_script(5, 80)
    room = Room(script)
    pace = as_live()

    async def reached(t: int) -> None:
        await pace(t)
        room.channel.refuses = code if 4_000 <= t < 19_000 else None

    run(room.run(reached))
    assert room.channel.words == said(script)
    assert room.links == 1
    assert len(room.channel.acts) > len({act.id for act in room.channel.acts})


def test_words_are_sent_while_they_cannot_be_stored_so_that_readers_see_them() -> None:
    script = make_script(5, 80)
    room = Room(script)
    pace = as_live()
    before: list[int] = []
    meanwhile: set[str] = set()

    async def reached(t: int) -> None:
        await pace(t)
        if t == 4_000:
            room.channel.refuses = RefusalCode.UNAVAILABLE
            before.append(len(room.channel.acts))
        if t == 14_000:
            meanwhile.update(act.id for act in room.channel.acts[before[0] :])
            room.channel.refuses = None

    run(room.run(reached))
    assert len(meanwhile) > 5


def test_an_engine_that_lost_its_place_is_attached_again() -> None:
    script = make_script(6, 80)
    room = Room(script)
    count = itertools.count(1)

    def answered(_: wire.PassAct) -> None:
        room.channel.refuses = RefusalCode.STALE if next(count) in (9, 20, 21) else None

    run(room.run(None, answered))
    assert room.channel.words == said(script)
    assert room.links == 1
    assert room.channel.state.channels[next(iter(room.channel.state.channels))].generation == 4


def test_storage_away_for_too_long_leaves_a_gap_and_whole_lines() -> None:
    script = make_script(7, 190, pause_ms=28_000)
    assert script.end > 800_000
    room = Room(script)
    pace = as_live()
    back = 30_000 + 700_000

    async def reached(t: int) -> None:
        await pace(t)
        room.channel.refuses = RefusalCode.UNAVAILABLE if 30_000 <= t < back else None

    run(room.run(reached))
    gaps = [event for event in room.channel.events if isinstance(event, ev.GapNoted)]
    assert len(gaps) == 1
    (gap,) = gaps
    assert gap.reason is ev.GapReason.STORAGE
    kept = [word.text.strip() for word in script.words if word.t1 <= gap.t0 or word.t0 >= gap.t1]
    assert room.channel.words == kept
    assert 27_000 < gap.t0 < 30_000 + 56_000
    assert back - gap.t1 <= 600_000 + 56_000
    assert room.links == 1
    assert room.channel.open_segment is None


def test_the_engine_says_what_it_used() -> None:
    script = make_script(8, 20)
    room = Room(script)
    run(room.run())
    usage = room.channel.usage
    assert usage is not None
    assert 0 <= usage.audio_ms - (script.end + 1_000) < 32
    assert usage.cpu_ms > 0
