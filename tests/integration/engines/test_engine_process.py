"""The whole engine on a real socket: in this process, and as a process of its own.

In this process, time is that of `moothall.testing.loop`: it jumps, so sleeping costs nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from moothall.adapters.engines.link import EngineSocket, Holder, serve_engines
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.supervision.pulses import NoProgress
from moothall.testing.engine_channel import EngineChannel
from moothall.testing.loop import run
from moothall.testing.scripted import Script, make_script, render, write_script
from moothall.wire import engine as wire
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.engine import Engine, EngineSettings
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity

TOKENS = {"secret": Holder("hall")}


def engine(url: str, script: Script, token: str = "secret") -> Engine:  # noqa: S107 - no secret
    settings = EngineSettings(url=url, token=token, name="test")
    return Engine(settings, ScriptedRecognizer(script), ScriptedVoiceActivity, EngineClock(), lambda: 1.0)


async def served(serve: Callable[[EngineSocket], Awaitable[None]], channel: EngineChannel, script: Script) -> None:
    """An engine dials a server that does `serve` with each link, until the channel has all of its words."""
    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, serve) as port, asyncio.TaskGroup() as group:
        task = group.create_task(engine(f"ws://127.0.0.1:{port}/", script).run())
        await channel.finished.wait()
        task.cancel()


async def hurried(_: int) -> None:
    """The pace of the sound: 100 ms of it in 50 ms, so that the engine's passes come between."""
    await asyncio.sleep(0.05)


def said(script: Script) -> list[str]:
    return [word.text.strip() for word in script.words]


def test_links_over_sockets_that_are_cut_lose_nothing() -> None:
    script = make_script(21, 60)
    channel = EngineChannel(render(script))
    links: list[EngineSocket] = []

    async def serve(link: EngineSocket) -> None:
        links.append(link)

        async def reached(t: int) -> None:
            await asyncio.sleep(0.1)  # The pace: as it is spoken.
            if t > 5_000 * len(links):
                raise ConnectionAbortedError

        try:
            await channel.serve(link, reached)
        except* ConnectionAbortedError:
            pass  # The handler is over, and the link with it.

    run(served(serve, channel, script))
    assert channel.words == said(script)
    assert len(links) > 3


def test_an_engine_waits_for_a_server_that_is_not_there_yet() -> None:
    script = make_script(22, 10)
    channel = EngineChannel(render(script))

    async def main() -> None:
        async with serve_engines("127.0.0.1", 0, lambda: TOKENS, lambda link: channel.serve(link, hurried)) as port:
            pass
        async with asyncio.TaskGroup() as group:
            task = group.create_task(engine(f"ws://127.0.0.1:{port}/", script).run())
            await asyncio.sleep(30)  # The engine dials in vain meanwhile.
            async with serve_engines("127.0.0.1", port, lambda: TOKENS, lambda link: channel.serve(link, hurried)):
                await channel.finished.wait()
                task.cancel()

    run(main())
    assert channel.words == said(script)


@pytest.mark.parametrize(
    ("url", "token", "sentence"),
    [
        ("ws://127.0.0.1:{port}/", "wrong", "The server refused the engine's token"),
        ("http://127.0.0.1:{port}/", "secret", "is no address of an engine link"),
    ],
)
def test_what_trying_again_cannot_mend_is_said(url: str, token: str, sentence: str) -> None:
    script = make_script(23, 3)
    channel = EngineChannel(render(script))

    async def main() -> None:
        async with serve_engines("127.0.0.1", 0, lambda: TOKENS, lambda link: channel.serve(link, hurried)) as port:
            await engine(url.format(port=port), script, token).run()

    with pytest.raises(ConfigurationError, match=sentence):
        run(main())


def test_a_server_that_breaks_the_rules_is_left_and_dialled_again(caplog: pytest.LogCaptureFixture) -> None:
    script = make_script(28, 20)
    channel = EngineChannel(render(script))
    links: list[EngineSocket] = []

    async def serve(link: EngineSocket) -> None:
        links.append(link)
        if len(links) == 1:
            await link.receive()
            await link.send(channel.attach())
            await link.send(wire.Audio(attachment=1, t=0, pcm=b"abc"))
            assert await link.receive() is None
        else:
            await channel.serve(link, hurried)

    run(served(serve, channel, script))
    assert channel.words == said(script)
    assert len(links) == 2
    assert "Audio of 3 bytes is no PCM16" in caplog.text


Process = asyncio.subprocess.Process
Start = Callable[..., Coroutine[None, None, Process]]


@asynccontextmanager
async def hall(script: Script, folder: Path, channel: EngineChannel) -> AsyncIterator[Start]:
    """A server with one channel, and what starts an engine's process for it."""
    path = folder / "script.json"
    path.write_bytes(write_script(script))

    async def at_once(_: int) -> None:
        await asyncio.sleep(0)  # The link's other tasks get their turn: what the engine says is taken meanwhile.

    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, lambda link: channel.serve(link, at_once)) as port:

        async def start(*arguments: str, token: str = "secret") -> Process:  # noqa: S107 - no secret
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "moothall_models",
                *("--url", f"ws://127.0.0.1:{port}/", "--model", f"scripted:{path}", *arguments),
                stdin=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "MOOTHALL_ENGINE_TOKEN": token},
            )

        yield start


async def ready(process: Process) -> None:
    assert process.stderr is not None
    while b"connected" not in await process.stderr.readline():
        pass


async def test_sigterm_ends_it_in_order(tmp_path: Path) -> None:
    script = make_script(25, 5)
    channel = EngineChannel(render(script))
    async with hall(script, tmp_path, channel) as start:
        process = await start()
        await ready(process)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_no_orphan_is_left_when_the_parent_goes(tmp_path: Path) -> None:
    script = make_script(26, 5)
    channel = EngineChannel(render(script))
    async with hall(script, tmp_path, channel) as start:
        process = await start("--exit-with-parent")
        await ready(process)
        process.send_signal(signal.SIGINT)  # Ctrl-C is the parent's business.
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0


async def test_one_that_the_server_gave_up_ends_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_bytes(write_script(make_script(29, 5)))

    async def serve(link: EngineSocket) -> None:
        await link.receive()
        raise NoProgress("engine hall was given up")

    async with serve_engines("127.0.0.1", 0, lambda: TOKENS, serve) as port:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "moothall_models",
            *("--url", f"ws://127.0.0.1:{port}/", "--model", f"scripted:{tmp_path / 'script.json'}"),
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "MOOTHALL_ENGINE_TOKEN": "secret"},
        )
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"has to be started again" in errors
    assert b"Traceback" not in errors


async def test_a_wrong_token_ends_it_with_a_sentence(tmp_path: Path) -> None:
    script = make_script(27, 5)
    async with hall(script, tmp_path, EngineChannel(render(script))) as start:
        process = await start(token="wrong")  # noqa: S106 - no secret
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"The server refused the engine's token" in errors
    assert b"wrong" not in errors
    assert b"Traceback" not in errors
