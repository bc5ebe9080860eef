"""An engine's process is stopped, hangs in a pass or runs out of memory: another engine continues its words.

Time limits are short here; `test_frozen_hall.py` waits for the real ones.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from moothall.adapters.engines.child import EngineChild
from moothall.adapters.engines.link import Holder, serve_engines
from moothall.core.events.lines import WordsCommitted
from moothall.core.events.types import EngineAttached, GapNoted
from moothall.services.sound.live_audio import BYTES
from moothall.services.supervision.engine_watch import Patience
from moothall.testing.clock import SeededRandomness
from moothall.testing.scripted import Script, make_script, render, write_script
from support.memory.hall import SESSION, MemoryHall, assigned, memory_hall

ENGINE = """
import os, sys
from pathlib import Path
from moothall_models import cli
from moothall_models.recognizers.scripted import ScriptedRecognizer
how, word, done = sys.argv[1:4]
hear = ScriptedRecognizer.recognise
def recognise(self, window):
    heard = hear(self, window)
    if any(word == each.text.strip() for each in heard.words) and not Path(done).exists():
        if how.endswith("once"):
            Path(done).touch()
        while how.startswith("busy"):
            pass
        hoard = bytearray(8 << 30)
    return heard
ScriptedRecognizer.recognise = recognise
ended = cli.main(sys.argv[4:])
sys.stderr.flush()
os._exit(ended)
"""
"""An engine that hangs, or asks for more memory than it may have, in the pass that hears a word."""


class Said:
    """An `AudioSource` of some sound, all of it at once."""

    def __init__(self, pcm: bytes) -> None:
        self._pcm = pcm

    async def read(self, samples: int) -> bytes:
        taken, self._pcm = self._pcm[: samples * BYTES], self._pcm[samples * BYTES :]
        return taken


class Hall:
    """A channel with all of a script's sound, and an engine's process for it."""

    def __init__(self, hall: MemoryHall, child: EngineChild, script: Script) -> None:
        self._hall, self.child, self._script = hall, child, script

    async def events(self) -> tuple[list[str], list[GapNoted], int]:
        """The words, the gaps, and how many engines were attached."""
        events = await self._hall.events(SESSION)
        words = [word.text.strip() for each in events if isinstance(each, WordsCommitted) for word in each.words]
        gaps = [each for each in events if isinstance(each, GapNoted)]
        return words, gaps, sum(isinstance(each, EngineAttached) for each in events)

    async def until(self, holds: Callable[[list[str]], bool]) -> None:
        while not holds((await self.events())[0]):
            await self._hall.clock.sleep(20)


@asynccontextmanager
async def hall(
    folder: Path, script: Script, patience: Patience, *program: str
) -> AsyncIterator[tuple[Hall, asyncio.Task[None]]]:
    (folder / "script.json").write_bytes(write_script(script))
    made = MemoryHall(patience=patience)
    async with (
        memory_hall(made),
        serve_engines(
            "127.0.0.1", 0, lambda: {"t": Holder("child", own=True)}, made.recognising.serve, feel=made.pulses.serve
        ) as port,
        asyncio.TaskGroup() as group,
    ):
        child = EngineChild(
            ["--url", f"ws://127.0.0.1:{port}/", "--model", f"scripted:{folder / 'script.json'}", "--memory-mb", "900"],
            token="t",  # noqa: S106 - no secret
            threads=1,
            clock=made.clock,
            program=(sys.executable, *(program or ("-m", "moothall_models"))),
            watched=(made.pulses, SeededRandomness()),
        )
        owners = [group.create_task(child.run()), group.create_task(made.pulses.run())]
        _, audio, task = await assigned(made)
        await audio.carry(Said(render(script)), as_live=False)
        yield Hall(made, child, script), task
        for owner in owners:
            owner.cancel()


def said(script: Script) -> list[str]:
    return [word.text.strip() for word in script.words]


async def test_one_that_is_stopped_is_killed_and_its_successor_says_each_word_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = make_script(41, 200)
    async with hall(tmp_path, script, Patience(silent_ms=2_000)) as (on, done):
        await on.until(lambda words: len(words) > 5)
        stopped = on.child.pid
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        await done
        words, gaps, attached = await on.events()
        assert on.child.pid != stopped
    assert words == said(script)
    assert gaps == []
    assert attached >= 2
    assert "no pulse; the server gives it up" in caplog.text
    assert "ended with -9" in caplog.text


@pytest.mark.parametrize("how", ["busy", pytest.param("memory", marks=pytest.mark.slow)])
async def test_sound_that_ends_every_engine_is_a_gap_and_the_words_behind_it_come(tmp_path: Path, how: str) -> None:
    script = make_script(42, 60)
    word = script.words[20]
    program = ("-c", ENGINE, how, word.text.strip(), str(tmp_path / "done"))
    async with hall(tmp_path, script, Patience(stuck_ms=1_000), *program) as (on, done):
        await done
        words, gaps, attached = await on.events()
    assert attached >= 3
    assert any(gap.t0 <= word.t0 and word.t1 <= gap.t1 + 500 for gap in gaps)
    assert sum(gap.t1 - gap.t0 for gap in gaps) < 15_000
    inside = [each.text.strip() for each in script.words if any(g.t0 - 500 <= each.t0 < g.t1 + 500 for g in gaps)]
    assert [each for each in words if each not in inside] == [each for each in said(script) if each not in inside]
    assert words[-1] == said(script)[-1]


@pytest.mark.parametrize("how", [pytest.param("busy-once", marks=pytest.mark.slow), "memory-once"])
async def test_one_that_ends_there_once_costs_no_word(
    tmp_path: Path, how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    script = make_script(43, 60)
    program = ("-c", ENGINE, how, script.words[20].text.strip(), str(tmp_path / "done"))
    async with hall(tmp_path, script, Patience(stuck_ms=3_000), *program) as (on, done):
        await done
        words, gaps, attached = await on.events()
    assert (words, gaps) == (said(script), [])
    assert attached >= 2
    errors = capfd.readouterr().err
    assert ("The engine has no memory left" in errors) == how.startswith("memory")
    assert "Traceback" not in errors


@pytest.mark.slow
async def test_one_on_another_machine_that_hangs_is_let_in_no_more_and_ends(tmp_path: Path) -> None:
    script = make_script(45, 40)
    (tmp_path / "script.json").write_bytes(write_script(script))
    made = MemoryHall(patience=Patience(stuck_ms=1_000))
    async with (
        memory_hall(made),
        serve_engines(
            "127.0.0.1", 0, lambda: {"t": Holder("far")}, made.recognising.serve, feel=made.pulses.serve
        ) as port,
        asyncio.TaskGroup() as group,
    ):
        watching = group.create_task(made.pulses.run())
        _, audio, task = await assigned(made)
        await audio.carry(Said(render(script)), as_live=False)
        arguments = ["busy", script.words[20].text.strip(), str(tmp_path / "done")]
        engine = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ENGINE, *arguments),
            *("--url", f"ws://127.0.0.1:{port}/", "--model", f"scripted:{tmp_path / 'script.json'}"),
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "MOOTHALL_ENGINE_TOKEN": "t"},
        )
        _, errors = await engine.communicate()
        assert made.recognising.engines == 0
        watching.cancel()
        task.cancel()
    assert engine.returncode == 1
    assert b"has to be started again" in errors
