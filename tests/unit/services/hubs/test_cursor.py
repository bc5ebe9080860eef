from __future__ import annotations

import pytest

from moothall.core.events.types import Heads, LaneHead
from moothall.core.kernel.ids import Lane
from moothall.core.kernel.lanes import QUESTIONS, SESSION
from moothall.services.hubs.cursor import PAGE, LaneCursor, Torn, weight, within
from support.hubs.side import HALL, LogSource

WORDS = Lane("w:floor")
TWO = frozenset({SESSION, QUESTIONS})


async def heads_through(source: LogSource, offset: int) -> Heads:
    page = await source.log.read(HALL, 0, offset)
    return {
        record.header.lane: LaneHead(offset=record.header.offset, digest=record.digest.hex())
        for record in page
        if record.header.offset <= offset
    }


async def all_of(cursor: LaneCursor, through: int | None = None) -> list[int]:
    found = []
    while page := await cursor.read(through):
        cursor.take(page)
        found += [record.header.offset for record in page]
    return found


async def test_it_reads_its_lanes_from_where_each_of_them_stands() -> None:
    source = LogSource()
    await source.write(SESSION, QUESTIONS, WORDS, QUESTIONS, SESSION, WORDS, QUESTIONS)  # 1 to 7
    heads = await heads_through(source, 4)
    assert await all_of(LaneCursor(source, HALL, TWO, heads)) == [5, 7]
    assert await all_of(LaneCursor(source, HALL, TWO, {})) == [1, 2, 4, 5, 7]
    # A lane that comes in later begins with its first event, and all of it stays in the log's order.
    only_floor = {QUESTIONS: heads[QUESTIONS]}
    assert await all_of(LaneCursor(source, HALL, TWO | {WORDS}, only_floor)) == [1, 3, 5, 6, 7]
    assert await all_of(LaneCursor(source, HALL, TWO | {WORDS}, only_floor), through=5) == [1, 3, 5]
    assert await all_of(LaneCursor(source, HALL, frozenset(), {})) == []


async def test_it_reads_little_where_nothing_is_new() -> None:
    source = LogSource()
    await source.write(SESSION, *[QUESTIONS] * 500)
    cursor = LaneCursor(source, HALL, TWO, await heads_through(source, 501))
    assert await cursor.read() == []
    assert source.reads == 2  # The session's since its last event, then both.
    await source.write(QUESTIONS)
    assert await all_of(cursor) == [502]


async def test_it_comes_again_until_it_is_taken_and_pages_end() -> None:
    source = LogSource()
    await source.write(*[QUESTIONS] * (PAGE + 5))
    cursor = LaneCursor(source, HALL, TWO, {})
    first = await cursor.read()
    assert await cursor.read() == first
    assert len(first) == PAGE
    cursor.take(first[:3])
    assert (await cursor.read())[0].header.offset == 4
    assert cursor.heads[QUESTIONS].offset == 3


async def test_a_place_may_be_given_where_nothing_lies_between() -> None:
    source = LogSource()
    await source.write(SESSION, QUESTIONS, WORDS, WORDS, QUESTIONS)
    cursor = LaneCursor(source, HALL, TWO, await heads_through(source, 2), after=4)
    assert await all_of(cursor) == [5]
    assert source.reads == 2


async def test_more_lanes_may_be_read_later() -> None:
    source = LogSource()
    await source.write(SESSION, WORDS, SESSION, WORDS)
    cursor = LaneCursor(source, HALL, frozenset({SESSION}), {})
    assert await all_of(cursor) == [1, 3]
    cursor.follow_also(frozenset({WORDS}))
    assert await all_of(cursor) == [2, 4]
    await source.write(WORDS, SESSION)
    assert await all_of(cursor) == [5, 6]


async def test_what_doesnt_follow_on_what_was_taken_is_torn() -> None:
    source = LogSource()
    await source.write(QUESTIONS, QUESTIONS, QUESTIONS)
    cursor = LaneCursor(source, HALL, TWO, {})
    cursor.take((await cursor.read())[:1])
    source.hole = (1, 2)
    with pytest.raises(Torn, match="Event 3 of lane questions follows event 2"):
        cursor.take(await cursor.read())


async def test_a_batch_has_one_event_at_least() -> None:
    source = LogSource()
    await source.write(QUESTIONS, QUESTIONS, QUESTIONS, size=1_000)
    page = await LaneCursor(source, HALL, TWO, {}).read()
    assert within(page, 0) == page[:1]
    assert within(page, weight(page[:2])) == page[:2]
    assert within(page, weight(page)) == page
    assert within([], 10) == []
