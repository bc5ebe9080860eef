"""Two spliced connections, whichever side ends first, and how."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from moothall.adapters.cluster.splicing import Splice
from support.halls.readers import until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
LONG = bytes(range(256)) * 8_192


class Spliced:
    """A visitor and a keeper, with a splice between them."""

    def __init__(self) -> None:
        self.visitor: Streams
        self.keeper: Streams
        self.splice: Splice
        self.ended = 0


@asynccontextmanager
async def spliced(first: bytes = b"", half_s: float = 30.0) -> AsyncIterator[Spliced]:
    made = Spliced()

    def ended() -> None:
        made.ended += 1

    loop = asyncio.get_running_loop()
    taken: list[asyncio.Transport] = []

    class Taker(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            taken.append(transport)

    server = await loop.create_server(Taker, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        made.visitor = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: len(taken) == 1)
        made.keeper = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: len(taken) == 2)
        made.splice = Splice(ended, half_s=half_s)
        visitor, keeper = taken
        assert made.splice.begin(visitor, keeper, first)
        try:
            yield made
        finally:
            for _, writer in (made.visitor, made.keeper):
                writer.transport.abort()
            await until(lambda: made.ended == 1)


def sides(made: Spliced, which: str) -> tuple[Streams, Streams]:
    return (made.visitor, made.keeper) if which == "visitor" else (made.keeper, made.visitor)


async def test_what_came_behind_the_head_comes_first() -> None:
    async with spliced(b"first ") as made:
        made.keeper[1].write(b"then")
        assert await made.visitor[0].readexactly(10) == b"first then"


@pytest.mark.parametrize("which", ["visitor", "keeper"])
async def test_a_side_that_sends_no_more_still_gets_what_the_other_says(which: str) -> None:
    async with spliced() as made:
        one, other = sides(made, which)
        one[1].write(b"last words")
        one[1].write_eof()
        assert await other[0].read() == b"last words"
        other[1].write(LONG)
        other[1].write_eof()
        assert await one[0].read() == LONG
        await until(lambda: made.ended == 1)


@pytest.mark.parametrize("which", ["visitor", "keeper"])
@pytest.mark.parametrize(
    "end", [lambda writer: writer.close(), lambda writer: writer.transport.abort()], ids=["closes", "aborts"]
)
async def test_a_side_that_is_gone_ends_the_other(which: str, end: Callable[[asyncio.StreamWriter], None]) -> None:
    async with spliced() as made:
        one, other = sides(made, which)
        end(one[1])
        assert await other[0].read() == b""
        other[1].close()
        await until(lambda: made.ended == 1)


@pytest.mark.parametrize("how", ["says no more", "is gone"])
async def test_a_side_that_goes_on_for_ever_is_cut(how: str) -> None:
    """The other doesn't read what it is sent, or never ends."""
    async with spliced(half_s=0.05) as made:
        visitor, keeper = made.visitor, made.keeper
        if how == "says no more":
            visitor[1].write_eof()
            assert await keeper[0].read() == b""
        else:
            sending: Awaitable[None] = asyncio.ensure_future(_send(keeper[1]))
            await until(keeper[1].transport.get_write_buffer_size)
            keeper[1].transport.abort()
            await asyncio.gather(sending, return_exceptions=True)
        await until(lambda: made.ended == 1)


async def _send(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(LONG)
        await writer.drain()


async def test_it_can_be_ended_from_here() -> None:
    async with spliced() as made:
        made.splice.abort()
        await until(lambda: made.ended == 1)
        made.splice.abort()
        assert made.ended == 1


async def test_nothing_is_taken_of_a_visitor_who_is_gone() -> None:
    async with spliced() as made:
        gone, there = (side[1].transport for side in (made.visitor, made.keeper))
        assert isinstance(gone, asyncio.Transport)
        assert isinstance(there, asyncio.Transport)
        gone.abort()
        splice = Splice(lambda: pytest.fail("it never began"))
        assert not splice.begin(gone, there, b"x")
        assert not splice.begin(there, gone, b"x")
        assert not there.is_closing()
