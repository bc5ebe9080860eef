from __future__ import annotations

import asyncio
import threading

import pytest

from moothall.testing.loop import run


def test_an_hour_passes_at_once() -> None:
    async def main() -> list[tuple[str, float]]:
        loop, woke = asyncio.get_running_loop(), list[tuple[str, float]]()

        async def sleeper(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            woke.append((name, loop.time()))

        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper("hour", 3_600))
            group.create_task(sleeper("minute", 60))
        return woke

    woke = run(main())
    assert [name for name, _ in woke] == ["minute", "hour"]
    assert [at for _, at in woke] == pytest.approx([60, 3_600])


def test_a_timeout_is_no_shorter_than_it_says() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(30)


def test_time_stands_while_a_thread_works() -> None:
    async def main() -> float:
        loop, go_on = asyncio.get_running_loop(), threading.Event()
        loop.call_soon(go_on.set)
        async with asyncio.timeout(1):
            await loop.run_in_executor(None, go_on.wait, 20)
        return loop.time()

    assert run(main()) == 0.0


def test_sockets_between_tasks_are_faster_than_any_timer() -> None:
    async def main() -> bytes:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(5))
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server, asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer

    assert run(main()) == b"hello"
