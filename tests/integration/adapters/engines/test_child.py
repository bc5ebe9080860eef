from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from moothall.adapters.engines.child import APART, STEADY_MS, EngineChild
from moothall.adapters.engines.link import EngineSocket, Holder, serve_engines
from moothall.adapters.system.accepting import stop_accepting
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.services.supervision.pulses import ProcessFate, Pulses
from moothall.testing.clock import ManualClock
from moothall.testing.scripted import make_script, write_script

SHELL = ("/bin/sh", "-c")
CALLING = """
import os, signal, socket, sys
if "--deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.sendall(b"%d\\n" % os.getpid())
sys.stdin.read()
signal.pause()
"""
"""A child that calls the test, and stays until it is made to stop: the end of the call is its end."""
PARENT = """
import asyncio, sys
from moothall.adapters.engines.child import EngineChild
from moothall.adapters.system.clock import SystemClock
asyncio.run(EngineChild(sys.argv[1:], token="secret", threads=1, clock=SystemClock()).run())
"""


class Waiting(ManualClock):
    """A clock that tells for how long somebody wants to sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: asyncio.Queue[int] = asyncio.Queue()

    async def sleep(self, ms: int) -> None:
        self.asked.put_nowait(ms)
        await super().sleep(ms)


class Calls:
    """Children that called."""

    def __init__(self) -> None:
        self.port = 0
        self._came: asyncio.Queue[tuple[int, asyncio.StreamReader]] = asyncio.Queue()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self._came.put_nowait((int(await reader.readline()), reader))
            await reader.read()
        finally:
            writer.close()

    async def next(self) -> tuple[int, asyncio.StreamReader]:
        """The next child: its process id, and what ends when it ends."""
        return await self._came.get()


@asynccontextmanager
async def calls() -> AsyncIterator[Calls]:
    made = Calls()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
        await stop_accepting(server.sockets)


@asynccontextmanager
async def running(child: EngineChild) -> AsyncIterator[None]:
    task = asyncio.ensure_future(child.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()


def calling(port: int, *options: str, clock: Waiting, patience_s: float = 60.0) -> EngineChild:
    return EngineChild(
        [str(port), *options],
        token="secret",  # noqa: S106 - no secret
        threads=2,
        clock=clock,
        program=(sys.executable, "-S", "-c", CALLING),
        patience_s=patience_s,
    )


async def test_it_gets_its_arguments_and_its_token_only_in_the_environment(tmp_path: Path) -> None:
    said, clock = tmp_path / "said", Waiting()
    script = f'echo "$MOOTHALL_ENGINE_TOKEN $OMP_NUM_THREADS / $*" > {said}'
    child = EngineChild(["--url", "ws://x/"], token="secret", threads=3, clock=clock, program=(*SHELL, script, "sh"))  # noqa: S106  # no secret
    async with running(child):
        await clock.asked.get()
    assert said.read_text() == "secret 3 / --url ws://x/ --exit-with-parent\n"


async def test_one_that_keeps_ending_is_started_again_after_longer_and_longer_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Waiting()
    child = EngineChild([], token="t", threads=1, clock=clock, program=(*SHELL, "exit 3"))  # noqa: S106  # no secret
    waits = []
    with caplog.at_level(logging.WARNING):
        async with running(child):
            for failures in range(1, 8):
                waits.append(await clock.asked.get())
                assert (child.failures, child.unable, child.pid) == (failures, failures, None)
                await clock.advance(waits[-1])
    assert waits == [500, 1_000, 2_000, 4_000, APART.last_ms, APART.last_ms, APART.last_ms]
    assert caplog.messages[0].endswith("ended with 3; the next one starts in 500 ms")


async def test_one_that_is_killed_as_it_starts_may_be_able_to_start() -> None:
    clock = Waiting()
    child = EngineChild([], token="t", threads=1, clock=clock, program=(*SHELL, "kill -9 $$"))  # noqa: S106  # no secret
    async with running(child):
        for failures in range(1, 4):
            wait = await clock.asked.get()
            assert (child.failures, child.unable) == (failures, 0)
            await clock.advance(wait)


async def test_one_that_can_not_be_started_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Waiting()
    program = tmp_path / "engine"
    child = EngineChild([], token="t", threads=1, clock=clock, program=(str(program),))  # noqa: S106  # no secret
    async with calls() as children, running(child):
        assert await clock.asked.get() == 500
        assert "could not be started (No such file or directory)" in caplog.text
        call = shlex.join([sys.executable, "-S", "-c", CALLING, str(children.port)])
        program.write_text(f"#!/bin/sh\nexec {call}\n")
        program.chmod(0o700)
        await clock.advance(500)
        assert (await children.next())[0] == child.pid


async def test_after_one_that_did_well_the_wait_is_short_again() -> None:
    clock = Waiting()
    async with calls() as children:
        child = calling(children.port, clock=clock)
        async with running(child):
            for wait in (500, 1_000):
                pid, _ = await children.next()
                os.kill(pid, signal.SIGKILL)
                assert await clock.asked.get() == wait
                await clock.advance(wait)
            pid, _ = await children.next()
            assert child.pid == pid
            await clock.advance(STEADY_MS)
            os.kill(pid, signal.SIGKILL)
            assert await clock.asked.get() == APART.first_ms
            assert child.failures == 0


async def test_one_that_worked_for_a_while_is_there_again_at_once_however_often_it_is_killed() -> None:
    clock = Waiting()
    async with calls() as children:
        child = calling(children.port, clock=clock)
        async with running(child):
            for killed, ran in enumerate([*[STEADY_MS - 1] * 7, 3_000], 1):
                pid, _ = await children.next()
                await clock.advance(ran)
                os.kill(pid, signal.SIGKILL)
                wait = await clock.asked.get()
                assert (child.failures, wait) == (killed, max(APART.first_ms, APART.last_ms - ran))
                await clock.advance(wait)


async def test_when_it_is_cancelled_the_child_is_asked_to_stop() -> None:
    async with calls() as children:
        child = calling(children.port, clock=Waiting())
        async with running(child):
            _, line = await children.next()
            assert not line.at_eof()
        await line.read()
    assert child.pid is None


async def test_a_child_that_does_not_listen_is_killed() -> None:
    async with calls() as children:
        child = calling(children.port, "--deaf", clock=Waiting(), patience_s=0.01)
        async with running(child):
            _, line = await children.next()
        await line.read()
    assert child.pid is None


async def test_one_that_is_cancelled_twice_waits_for_its_child_all_the_same() -> None:
    async with calls() as children:
        child = calling(children.port, clock=Waiting())
        task = asyncio.ensure_future(child.run())
        pid, _ = await children.next()
        task.cancel()
        await asyncio.sleep(0)  # It is stopping.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


STARTING = """
import os, signal, socket, subprocess, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # As `nohup` would leave it, the frozen one would stay.
stopped = subprocess.Popen(["sleep", "600"], process_group=0)
os.kill(stopped.pid, signal.SIGSTOP)
os.waitpid(stopped.pid, os.WUNTRACED)  # It is told of the end of its parent only where it is frozen by then.
beside = subprocess.Popen(["sleep", "600"])
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.sendall(b"%d\\n" % os.getpid())
sys.stdin.read()
signal.pause()
"""


async def test_one_that_is_killed_takes_along_what_it_started_though_that_is_frozen() -> None:
    clock = Waiting()
    async with calls() as children:
        child = EngineChild(
            [str(children.port)],
            token="secret",  # noqa: S106 - no secret
            threads=1,
            clock=clock,
            program=(sys.executable, "-S", "-c", STARTING),
        )
        async with running(child):
            pid, _ = await children.next()
            started = children_of(pid)
            assert len(started) == 2
            child.kill()
            await clock.asked.get()
            assert child.unable == 1  # it hung
            while not all(map(over, started)):
                await SystemClock().sleep(10)


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def over(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_how_it_ended_is_told_and_a_new_one_has_another_name() -> None:
    clock = Waiting()
    pulses, lives = Pulses(clock), list[str]()
    script = 'echo "$MOOTHALL_ENGINE_LIFE"; '
    for end, fate in (
        ("exit 3", ProcessFate.CRASHED),
        ("kill -9 $$", ProcessFate.KILLED),
        ("exit 0", None),
        ("kill $$", None),
    ):
        read, write = os.pipe()
        child = EngineChild(
            [],
            token="t",  # noqa: S106 - no secret
            threads=1,
            clock=clock,
            program=(*SHELL, f"{{ {script} }} >/proc/{os.getpid()}/fd/{write}; {end}"),
            watched=(pulses, SystemRandomness()),
        )
        async with running(child):
            await clock.asked.get()
        os.close(write)
        with os.fdopen(read) as said:
            lives.append(said.read().strip())
        assert pulses.fate(lives[-1]) is fate
    assert len(set(lives)) == 4
    assert all(len(life) == 32 for life in lives)


async def test_when_this_process_is_killed_the_engine_goes_with_it(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_bytes(write_script(make_script(31, 5)))
    dialled, left = asyncio.Event(), asyncio.Event()

    async def serve(link: EngineSocket) -> None:
        await link.receive()
        dialled.set()
        while await link.receive() is not None:
            pass
        left.set()

    async with serve_engines("127.0.0.1", 0, lambda: {"secret": Holder("child")}, serve) as port:
        arguments = ("--url", f"ws://127.0.0.1:{port}/", "--model", f"scripted:{tmp_path / 'script.json'}")
        parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, *arguments)
        await dialled.wait()
        parent.kill()
        await parent.wait()
        await left.wait()
