from __future__ import annotations

import asyncio
from itertools import takewhile

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run
from recordings import SAMPLE, utterances
from speaking import LOOK_MS, ShiftedClock, Speaker, begin, speech
from support.memory.hall import SESSION, MemoryHall, memory_hall

HOUR_MS, TEN_MINUTES_MS = 3_600_000, 600_000


def test_all_of_the_reference_is_said_in_order_and_no_sooner_than_it_was() -> None:
    reference = utterances(SAMPLE / "session.jsonl")
    end = round(float(reference[-1]["end"]) * 1_000) + 2 * LOOK_MS
    said = list(takewhile(lambda each: each.at <= end, speech()))
    commits = [command for each in said for command in each.commands if isinstance(command, do.CommitWords)]
    assert [each.at for each in said] == sorted(each.at for each in said)
    assert all(each.commands[0].words[-1].t1 < each.at for each in said if isinstance(each.commands[0], do.CommitWords))
    words = [word.text.strip() for command in commits for word in command.words]
    assert words == [word for utterance in reference for word, _, _ in utterance["words"]]


def test_an_hour_of_it_is_said_at_once_and_the_log_holds_it_as_if_an_hour_had_passed() -> None:
    async def main() -> list[LogRecord]:
        clock = ShiftedClock(LoopClock(), -HOUR_MS)
        async with memory_hall(MemoryHall(clock=clock)) as hall:
            live = await hall.sessions.open(SESSION)
            await begin(live)
            speaker = Speaker(live, clock)
            await speaker.at_once(HOUR_MS)
            assert abs(clock.shift) < 2_000
            return list(await hall.log.read(SESSION, 0, 100_000))

    records = run(main())
    events = [decode_event(record.body) for record in records if record.body is not None]
    assert 55 <= sum(isinstance(event, ev.RecordCheckpoint) for event in events) <= 62
    assert HOUR_MS - 60_000 < records[-1].header.at - records[0].header.at <= HOUR_MS + 2_000
    assert sum(isinstance(event, le.SegmentEnded) for event in events) > 300
    assert sum(len(event.words) for event in events if isinstance(event, le.WordsCommitted)) > 5_000


def test_it_is_said_at_its_pace() -> None:
    async def main() -> int:
        async with memory_hall() as hall:
            clock = ShiftedClock(LoopClock())
            live = await hall.sessions.open(SESSION)
            await begin(live)
            async with asyncio.TaskGroup() as group:
                talking = group.create_task(Speaker(live, clock).as_live())
                await clock.sleep(TEN_MINUTES_MS)
                talking.cancel()
            return len(await hall.log.read(SESSION, 0, 100_000))

    assert 500 < run(main()) < 2_500
