from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.testing.loop import run
from support.links.weak_link import GOOD, WEAK, Quality, Timing, WeakLink, weak_link_to

QUALITIES = st.builds(
    Quality,
    bits_per_s=st.none() | st.integers(1_000, 10**8),
    delay_ms=st.integers(0, 5_000),
    held=st.integers(1, 9_000),
)
ENTERING = st.lists(st.tuples(st.floats(0, 10), st.integers(1, 5_000)), min_size=1, max_size=30)


@given(QUALITIES, ENTERING)
def test_bytes_arrive_in_order_no_sooner_than_the_link_is_long_and_no_more_than_it_carries(
    quality: Quality, entering: list[tuple[float, int]]
) -> None:
    timing, now, arrived, sizes = Timing(quality), 0.0, list[float](), list[int]()
    for after, size in entering:
        now += after
        arrived.append(timing.enters(now, size))
        sizes.append(size)
        assert arrived[-1] >= now + quality.delay_ms / 1_000
    assert arrived == sorted(arrived)
    if quality.bits_per_s is not None:
        carried = (arrived[-1] - quality.delay_ms / 1_000 - entering[0][0]) * quality.bits_per_s
        assert carried >= sum(sizes) * 8 - 1


@given(QUALITIES, QUALITIES, ENTERING)
def test_a_link_that_becomes_quicker_puts_nothing_before_what_is_on_it(
    one: Quality, other: Quality, entering: list[tuple[float, int]]
) -> None:
    timing, now, arrived = Timing(one), 0.0, list[float]()
    for n, (after, size) in enumerate(entering):
        now += after
        timing.quality = (one, other)[n % 2]
        arrived.append(timing.enters(now, size))
    assert arrived == sorted(arrived)


@given(QUALITIES, st.integers(1, 20_000))
def test_it_is_full_while_more_waits_than_it_holds(quality: Quality, size: int) -> None:
    timing = Timing(quality)
    timing.enters(0.0, size)
    full = timing.full_for(0.0)
    if quality.bits_per_s is None or size <= quality.held:
        assert full == 0
    else:
        assert full == pytest.approx((size - quality.held) * 8 / quality.bits_per_s)
    assert timing.full_for(full) == pytest.approx(0)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


@asynccontextmanager
async def _echoing(quality: Quality, up: Quality | None = None) -> AsyncIterator[WeakLink]:
    """A line to a server that says everything again."""
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    try:
        async with weak_link_to(server.sockets[0].getsockname()[1], quality, up=up) as link:
            yield link
    finally:
        server.close()


@asynccontextmanager
async def _dialled(link: WeakLink) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _said_again(link: WeakLink, data: bytes) -> bytes:
    async with _dialled(link) as (reader, writer):
        writer.write(data)
        writer.write_eof()
        return await reader.read()


def _on(test: Callable[[WeakLink], Awaitable[None]], quality: Quality, up: Quality | None = None) -> float:
    """Run a test of a line; seconds that it took on a loop that jumps."""

    async def main() -> float:
        async with _echoing(quality, up) as link:
            await test(link)
            return asyncio.get_running_loop().time()

    return run(main())


def test_all_bytes_come_through_and_are_counted_both_ways() -> None:
    data = bytes(range(256)) * 4_000

    async def all_of_it(link: WeakLink) -> None:
        assert await _said_again(link, data) == data
        assert (link.up.passed, link.down.passed, link.passed) == (len(data), len(data), 2 * len(data))
        assert link.opened == 1

    _on(all_of_it, GOOD)


def test_what_is_said_over_64_kbit_and_600_ms_takes_its_time() -> None:
    data = bytes(8_000)  # A second of the line; it is said again as it comes, so that it takes one both ways together.

    async def slowly(link: WeakLink) -> None:
        assert await _said_again(link, data) == data

    took = _on(slowly, WEAK)
    assert 0.6 + 0.6 + 1.0 <= took < 0.6 + 0.6 + 1.0 + 0.5


def test_each_way_has_a_quality_of_its_own() -> None:
    async def slow_up(link: WeakLink) -> None:
        await _said_again(link, bytes(8_000))

    assert _on(slow_up, GOOD, up=Quality(bits_per_s=8_000)) >= 8.0


def test_connections_share_the_link() -> None:
    async def two(link: WeakLink) -> None:
        await asyncio.gather(_said_again(link, bytes(4_000)), _said_again(link, bytes(4_000)))

    assert _on(two, Quality(bits_per_s=64_000)) >= 1.0


def test_it_arrives_in_small_pieces() -> None:
    async def in_pieces(link: WeakLink) -> None:
        async with _dialled(link) as (reader, writer):
            writer.write(b"x" * 25)
            pieces = [await reader.read(100) for _ in range(3)]
            assert [len(piece) for piece in pieces] == [10, 10, 5]

    _on(in_pieces, Quality(bits_per_s=64_000, piece=10))


async def test_cut_breaks_what_is_open_and_refuses_what_is_new_until_mended() -> None:
    async with _echoing(GOOD) as link:
        async with _dialled(link) as (reader, writer):
            writer.write(b"once")
            assert await reader.readexactly(4) == b"once"
            assert link.connections == 1
            link.cut()
            assert await _rest(reader) == b""
        async with _dialled(link) as (refused, _):
            assert await _rest(refused) == b""
            assert link.connections == 0
        link.mend()
        assert await _said_again(link, b"again") == b"again"


def test_what_was_on_its_way_when_it_is_cut_never_arrives() -> None:
    async def lost(link: WeakLink) -> None:
        async with _dialled(link) as (reader, writer):
            writer.write(b"lost")
            await asyncio.sleep(1)
            link.cut()
            assert await _rest(reader) == b""
            assert link.passed == 0

    _on(lost, Quality(delay_ms=600))


def test_a_stalled_link_breaks_nothing_and_says_it_all_later() -> None:
    async def later(link: WeakLink) -> None:
        async with _dialled(link) as (reader, writer):
            writer.write(b"before")
            assert await reader.readexactly(6) == b"before"
            link.stall()
            link.stall()
            writer.write(b"behind")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(3_600):
                    await reader.read(1)
            link.go_on()
            link.go_on()
            assert await reader.readexactly(6) == b"behind"

    took = _on(later, WEAK)
    assert 3_601 < took < 3_604


def test_what_is_on_the_link_when_it_stalls_comes_so_much_later() -> None:
    async def later(link: WeakLink) -> None:
        async with _dialled(link) as (reader, writer):
            writer.write(b"x")
            await asyncio.sleep(1.3)  # 0.6 to dial, 0.3 up, 0.3 down: it is nearly there.
            link.down.stall()
            await asyncio.sleep(100)
            link.down.go_on()
            await reader.readexactly(1)
            assert asyncio.get_running_loop().time() > 101.3

    _on(later, Quality(delay_ms=400))


async def test_a_link_to_a_server_that_is_away_breaks() -> None:
    async with _echoing(GOOD) as link:
        link._to = 1
        async with _dialled(link) as (reader, _):
            assert await _rest(reader) == b""
            assert link.opened == 0


def test_it_can_become_better() -> None:
    async def better(link: WeakLink) -> None:
        link.become(GOOD)
        await _said_again(link, bytes(80_000))

    assert _on(better, WEAK) < 1


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""
