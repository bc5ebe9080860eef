"""The proof of design §9: what a pass burns is what the CPU clock shows."""

from __future__ import annotations

import asyncio
import time

import pytest

from moothall.core.errors import RefusalCode, StorageUnavailable
from moothall.testing.engine_channel import EngineChannel
from moothall.testing.engine_link import engine_link
from moothall.testing.loop import run
from moothall.testing.scripted import Script, ScriptWord, make_script, render
from moothall.wire import engine as wire
from moothall_models.engine_audio import ClockTime
from moothall_models.engine_bench import run_bench
from moothall_models.engine_clock import CpuClock
from moothall_models.engine_session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity

HELLO = wire.Hello(protocol=1, name="e", model="scripted", languages=(), channels=1)


class Bench:
    """One run over a script; notes when each pass began and ended on the clock."""

    def __init__(self, script: Script, clock: CpuClock | None = None) -> None:
        self.channel = EngineChannel(render(script))
        self.clock = clock or CpuClock()
        self.recognizer = ScriptedRecognizer(script)
        self.passes: list[tuple[float, float, int]] = []
        self.server_burns_ms = 0

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
            stamped=True,
        )
        ours, theirs = engine_link()

        async def at_once(_: int) -> None:
            await asyncio.sleep(0)

        def burn(_: wire.Act) -> None:
            until = time.process_time_ns() + self.server_burns_ms * 1_000_000
            while time.process_time_ns() < until:
                pass

        async with asyncio.TaskGroup() as group:
            engine = group.create_task(run_bench(session, ours, self.recognise, self.clock))
            group.create_task(self.channel.serve(theirs, at_once, burn))
            while not self.channel.drained and not engine.done():
                await asyncio.sleep(0)
            theirs.cut()


def one_word(burn_ms: int) -> Script:
    return Script(words=(ScriptWord(" Hello.", 1_000, 1_600),), burn_ms=burn_ms)


def test_a_pass_that_burns_300_ms_shows_300_ms() -> None:
    quick, slow = Bench(one_word(0)), Bench(one_word(300))
    run(quick.go())
    run(slow.go())
    for began, ended, _ in slow.passes:
        assert 300 <= ended - began < 310
    assert len(slow.passes) == len(quick.passes) >= 1
    # The word is on the wire 300 ms later than without: nothing else on the way counts it twice or hides it.
    late = [bench.channel.acts[0].at for bench in (quick, slow)]
    assert late[0] is not None
    assert late[1] is not None
    assert 290 <= late[1] - late[0] < 340
    usage = slow.channel.usage
    assert usage is not None
    assert 300 * len(slow.passes) <= usage.cpu_ms < 300 * len(slow.passes) + 1_500


def test_what_the_server_burns_before_it_answers_is_not_billed() -> None:
    quick, slow = Bench(one_word(0)), Bench(one_word(0))
    slow.server_burns_ms = 200
    run(quick.go())
    run(slow.go())
    # The end of the line comes after the words were answered.
    ends = [bench.channel.acts[-1].at for bench in (quick, slow)]
    assert len(slow.channel.acts) > 1
    assert ends[0] is not None
    assert ends[1] is not None
    assert abs(ends[1] - ends[0]) < 100


def test_no_sample_is_heard_before_its_time_and_all_words_come_out() -> None:
    script = make_script(11, 40)
    bench = Bench(script)
    run(bench.go())
    assert bench.channel.words == [word.text.strip() for word in script.words]
    for act in bench.channel.acts:
        assert act.at is not None
        ends = [word.t1 for command in act.commands if hasattr(command, "words") for word in command.words]
        assert act.at >= max(ends, default=0)
    for tell in bench.channel.tells:
        assert tell.at is not None
    ats = [act.at for act in bench.channel.acts if act.at is not None]
    assert ats == sorted(ats)
    assert ats[-1] < script.end + 1_000 + 500


def test_a_server_that_cannot_store_ends_the_run() -> None:
    bench = Bench(one_word(0))
    bench.channel.refuses = RefusalCode.UNAVAILABLE
    with pytest.raises(ExceptionGroup) as raised:
        run(bench.go())
    assert raised.group_contains(StorageUnavailable, match="could not store")
