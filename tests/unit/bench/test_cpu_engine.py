"""The test that docs/reference/replay.md names: the CPU clock shows the CPU time of a pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from cpu_clock import ClockTime, EngineCpuClock
from cpu_engine import TimedSession
from moothall.core.commands import CommitWords
from moothall.core.kernel.errors import RefusalCode, StorageUnavailable
from moothall.testing.engine_channel import EngineChannel
from moothall.testing.engine_link import EngineEnd, engine_link
from moothall.testing.loop import run
from moothall.testing.scripted import Script, ScriptWord, make_script, render
from moothall.wire import engine as wire
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity

WORDS = 7
HELLO = wire.EngineHello(protocol=1, name="e", model="scripted", languages=(), channels=1)


class Noting:
    """The engine's end of a link, which notes the time of each act and signal."""

    def __init__(self, link: EngineEnd) -> None:
        self._link = link
        self.acts: list[tuple[wire.PassAct, float]] = []
        self.tells: list[float] = []

    async def receive(self) -> wire.ToEngine | None:
        return await self._link.receive()

    async def send(self, message: wire.ToServer, at: float | None) -> None:
        assert (at is not None) == isinstance(message, wire.PassAct | wire.Tell)
        if isinstance(message, wire.PassAct) and at is not None:
            self.acts.append((message, at))
        elif at is not None:
            self.tells.append(at)
        await self._link.send(message)


class Bench:
    """One run over a script; notes when each pass began and ended on the clock."""

    def __init__(self, script: Script, clock: EngineCpuClock | None = None) -> None:
        self.channel = EngineChannel(render(script))
        self.clock = clock or EngineCpuClock()
        self.recognizer = ScriptedRecognizer(script)
        self.passes: list[tuple[float, float, int]] = []
        self.burn: Callable[[wire.PassAct], None] = lambda _: None

    def recognise(self, window: Window) -> Hypothesis:
        began = self.clock.now()
        hypothesis = self.recognizer.recognise(window)
        self.passes.append((began, self.clock.now(), len(hypothesis.words)))
        return hypothesis

    async def go(self) -> None:
        session = LinkSession(
            HELLO,
            voice=ScriptedVoiceActivity,
            media=lambda _: ClockTime(),
            cpu_ms=self.clock.cpu_ms,
        )
        ours, theirs = engine_link()
        self.link = Noting(ours)

        async def at_once(_: int) -> None:
            await asyncio.sleep(0)  # The engine's tasks get their turn.

        async with asyncio.TaskGroup() as group:
            group.create_task(TimedSession(session, self.link, self.recognise, self.clock).run())
            await self.channel.serve(theirs, at_once, self.burn)
            theirs.cut()


def fluent(burn_ms: int) -> Script:
    """Speech without a pause, so that words are committed by passes while it goes on."""
    words = tuple(ScriptWord(f" w{n}", 1_000 + 300 * n, 1_290 + 300 * n) for n in range(WORDS))
    return Script(words=words, burn_ms=burn_ms)


class FakeCpu:
    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


def test_a_pass_that_burns_300_ms_shows_300_ms() -> None:
    bench = Bench(fluent(300))
    run(bench.go())
    assert len(bench.passes) >= 3
    for began, ended, _ in bench.passes:
        assert 300 <= ended - began < 310
    # The words go out when their pass is over: nothing on the way hides it or counts it twice.
    first = bench.link.acts[0][1]
    assert min(first - ended for _, ended, _ in bench.passes if ended <= first) < 20
    usage = bench.channel.usage
    assert usage is not None
    assert 300 * len(bench.passes) <= usage.cpu_ms < 300 * len(bench.passes) + 1_500


def test_what_the_server_burns_before_it_answers_is_not_billed() -> None:
    stamps: list[list[float]] = []
    for burn in (0, 5_000_000_000):
        cpu = FakeCpu()
        bench = Bench(fluent(0), EngineCpuClock(cpu))

        def spend(_: wire.PassAct, cpu: FakeCpu = cpu, burn: int = burn) -> None:
            cpu.ns += burn

        bench.burn = spend
        run(bench.go())
        assert bench.channel.words == [f"w{n}" for n in range(WORDS)]
        stamps.append([at for _, at in bench.link.acts] + bench.link.tells)
    assert stamps[0] == stamps[1]
    assert len(bench.channel.acts) >= 2


def test_no_sample_is_heard_before_its_time_and_all_words_come_out() -> None:
    script = make_script(11, 40)
    bench = Bench(script)
    run(bench.go())
    assert bench.channel.words == [word.text.strip() for word in script.words]
    for act, at in bench.link.acts:
        commits = [command for command in act.commands if isinstance(command, CommitWords)]
        ends = [word.t1 for command in commits for word in command.words]
        assert at >= max(ends, default=0)
    assert len(bench.link.tells) > 5
    ats = [at for _, at in bench.link.acts]
    assert ats == sorted(ats)
    assert ats[-1] < script.end + 1_000 + 500


def test_a_server_that_cannot_store_ends_the_run() -> None:
    bench = Bench(fluent(0))
    bench.channel.refuses = RefusalCode.UNAVAILABLE
    with pytest.raises(ExceptionGroup) as raised:
        run(bench.go())
    assert raised.group_contains(StorageUnavailable, match="could not store")
