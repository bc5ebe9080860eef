"""Redis dies, the nodes don't: if allowed, acts continue with one copy, and Redis has all of them afterwards."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

import aiohttp
import pytest
from msgspec.json import encode

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.one_copy_list import FILE_NAME, OneCopySpan, read_spans
from moothall.cli.verifying import verify_command
from moothall.core.chain import LogRecord
from moothall.core.cluster.lease import AWAY_MS
from support.cluster.nodes import NodeProcess
from support.cluster.process import RedisProcess, running
from support.cluster.typing import Typist, house, require_all, texts
from support.halls.process import CLOCK, FLOOR
from support.links.weak_link import weak_link_to

TOLD = "is kept on one machine alone"
ALLOWED = 'one_copy = "allow"\nnodes = ["n1", "n2"]\n'


async def until(so: Callable[[], bool]) -> None:
    while not so():  # it happens in other processes
        await CLOCK.sleep(100)


async def has_one_copy(node: NodeProcess) -> bool:
    status = (await Caller(node.data).status()).node
    return status is not None and status.one_copy


async def reads(node: NodeProcess, typist: Typist) -> None:
    """Follow there until the twentieth line from now on is shown."""
    wanted = f"Line {len(typist.typed) + 20}.".encode()
    async for frame, _ in follow(f"{node.address}/s/{typist.session}", FLOOR, CLOCK):
        if wanted in encode(frame):
            return


async def page(browser: aiohttp.ClientSession, address: str) -> str:
    async with browser.get(address) as answer:
        answer.raise_for_status()
        return await answer.text()


def spans(node: NodeProcess, typist: Typist) -> list[OneCopySpan]:
    return read_spans(node.data / FILE_NAME).get(typist.session, [])


async def shared(redis: RedisProcess, typist: Typist) -> Sequence[LogRecord]:
    server = redis.reached()
    try:
        return await RedisLog(server, "test").read(typist.session, 0, 1_000_000)
    finally:
        await server.close()


async def goes_on_with_one_copy(redis: RedisProcess, keeper: NodeProcess, typist: Typist) -> None:
    redis.kill()
    await typist.types(20)
    assert await has_one_copy(keeper)
    assert spans(keeper, typist)[-1].until is None


async def has_two_again(keeper: NodeProcess, typist: Typist) -> None:
    await until(lambda: spans(keeper, typist)[-1].until is not None)
    await typist.types(5)
    assert not await has_one_copy(keeper)


# The contract tests ask both programs the same.
@pytest.mark.parametrize("program", ["valkey", pytest.param("redis", marks=pytest.mark.slow)])
async def test_acts_go_on_while_redis_is_away_and_it_has_all_of_them_afterwards(tmp_path: Path, program: str) -> None:
    with running(program, tmp_path) as redis:
        async with house(tmp_path, redis, more=ALLOWED) as ((first, second), typist):
            async with asyncio.TaskGroup() as group:
                # Though that node has no Redis to read it from.
                group.create_task(reads(second, typist))
                await goes_on_with_one_copy(redis, first, typist)
            redis.start()
            await has_two_again(first, typist)
            assert first.keeps
            stored = await shared(redis, typist)
            await until(lambda: len(second.records(typist.session)) >= len(stored))
        require_all(typist, first, second)
        assert list(await shared(redis, typist)) == list(second.records(typist.session))
    [span] = spans(first, typist)
    assert span.through is not None
    assert span.through - span.first > 15
    said = StringIO()
    verify_command(first.data, typist.session, said)
    assert f"Events {span.first} to {span.through} had one copy" in said.getvalue()


async def test_a_redis_that_comes_back_empty_is_filled_with_all_and_the_secretariat_is_told_meanwhile(
    tmp_path: Path,
) -> None:
    with running("valkey", tmp_path) as redis:
        async with house(tmp_path, redis, more=ALLOWED) as ((first, second), typist):
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as secretary:
                link = await Caller(first.data).admin_link(new=True)
                assert link is not None
                assert TOLD not in await page(secretary, link)
                await goes_on_with_one_copy(redis, first, typist)
                assert TOLD in await page(secretary, f"{first.address}/admin")
            shutil.rmtree(redis.folder)
            redis.start()
            await has_two_again(first, typist)
            stored = await shared(redis, typist)
            await until(lambda: len(second.records(typist.session)) >= len(stored))
        require_all(typist, first, second)
        assert list(await shared(redis, typist)) == list(second.records(typist.session))


@pytest.mark.slow  # 20 s of real time.
async def test_while_the_other_node_still_sees_redis_nothing_has_one_copy(tmp_path: Path) -> None:
    with running("valkey", tmp_path) as redis:
        async with weak_link_to(redis.port) as link:
            async with house(tmp_path, redis, more=ALLOWED, first_by=link.port, patience_s=5) as (
                (first, second),
                typist,
            ):
                link.cut()
                await second.until("keeps the house")
                await typist.types(5)
                assert not (first.data / FILE_NAME).exists()
                link.mend()
                await first.until("stands by")
            require_all(typist, second)


async def test_a_node_that_can_t_be_asked_has_not_confirmed(tmp_path: Path) -> None:
    with running("valkey", tmp_path) as redis:
        async with house(tmp_path, redis, more=ALLOWED) as ((first, second), typist):
            second.freeze()
            redis.kill()
            await until(lambda: "lease of the house, can't be reached" in first.log.read_text())
            typed = len(typist.typed)
            await CLOCK.sleep(AWAY_MS)  # Longer than any lease.
            assert len(typist.typed) == typed
            assert not (first.data / FILE_NAME).exists()
            second.thaw()
            await typist.types(5)
            assert await has_one_copy(first)
            redis.start()
            await has_two_again(first, typist)
        require_all(typist, first)


@pytest.mark.slow  # 40 s of real time.
async def test_a_keeper_that_dies_with_one_copy_is_not_followed_for_a_while_and_its_end_is_found(
    tmp_path: Path,
) -> None:
    with running("valkey", tmp_path) as redis:
        async with house(tmp_path, redis, more=ALLOWED) as ((first, second), typist):
            await goes_on_with_one_copy(redis, first, typist)
            await first.kill()
            lost = list(texts(first, typist.session))
            loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
            redis.start()
            await second.until("keeps the house")
            assert loop.time() - began >= 14
            await typist.types(5)
            await first.start()
            await until(lambda: any((first.data / "aside").rglob("*.jsonl")))
            await until(lambda: spans(first, typist)[-1].aside)
            await typist.types(5)
        held = texts(second, typist.session)
        kept = [text for text in typist.typed if text in held]
        assert kept == [text for text in held if text in typist.typed]
        assert set(typist.typed) <= {*held, *lost}
