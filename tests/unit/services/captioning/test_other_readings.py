"""Alternative readings of words: sent to desks once the words are stored, and dropped with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.services.captioning.other_readings import LONGEST, MOST_WORDS, Readings
from moothall.services.log.publication import Publication
from moothall.testing.loop import run
from moothall.wire.engine import RATE, Accepted, Drained, OtherReadings, PassAct, Refused
from support.memory.hall import FLOOR, SESSION, MemoryHall, Sound, assigned, attached, hello, memory_hall

LINE = SegmentId("a")
OTHERS = OtherReadings(segment=LINE, word=1, texts=("fund", "found"))
SHOWN = {FLOOR: {LINE: {"1": ["fund", "found"]}}}


@asynccontextmanager
async def told(*readings: OtherReadings) -> AsyncIterator[tuple[MemoryHall, Readings]]:
    async with memory_hall() as hall:
        made = Readings(hall.sessions)
        hall.recognising.tell_readings(made.heard)
        await hall.session()
        if readings:
            hall.recognising.heard_otherwise(SESSION, FLOOR, readings)
        yield hall, made


def test_they_are_told_of_the_last_words_and_no_more_than_that() -> None:
    async def story() -> None:
        many = [OtherReadings(segment=LINE, word=n, texts=("x",)) for n in range(MOST_WORDS)]
        async with told(OTHERS, *many[2:]) as (hall, made):
            shown = made.shown(SESSION)
            assert isinstance(shown, dict)
            assert list(shown[FLOOR][LINE]) == ["1", *map(str, range(2, MOST_WORDS))]
            more = OtherReadings(segment=SegmentId("b"), word=0, texts=("a", "b", "c", "d"))
            hall.recognising.heard_otherwise(SESSION, FLOOR, [more, more])
            odd = OtherReadings(segment=LINE, word=99, texts=("", " x", "x" * (LONGEST + 1), "a\x07"))
            hall.recognising.heard_otherwise(SESSION, FLOOR, [odd])
            shown = made.shown(SESSION)
            assert isinstance(shown, dict)
            assert shown[FLOOR]["b"] == {"0": ["a", "b", "c"]}
            assert "99" not in shown[FLOOR][LINE]
            hall.recognising.heard_otherwise(SESSION, FLOOR, many)
            shown = made.shown(SESSION)
            assert isinstance(shown, dict)
            assert sum(map(len, shown[FLOOR].values())) == MOST_WORDS
            assert made.shown(SessionId("other")) is None

    run(story())


@pytest.mark.parametrize(
    ("event", "left"),
    [
        (ev.BodyRemoved(offsets=(3,), reason="request", by="t"), None),
        (le.ChannelRewound(channel=FLOOR, t=0, segments=(LINE,)), None),
        (le.SegmentsMovedAway(channel=FLOOR, segments=(LINE,), session=None), None),
        (le.ChannelRewound(channel=FLOOR, t=0, segments=(SegmentId("z"),)), SHOWN),
    ],
)
def test_they_go_with_their_words(event: ev.AnyEvent, left: object) -> None:
    async def story() -> None:
        async with told(OTHERS) as (hall, made):
            assert made.shown(SESSION) == SHOWN
            live = await hall.sessions.open(SESSION)
            record = (await hall.log.read(SESSION, 0, 1))[0]
            made.seen(live, Publication(session=SESSION, records=(record,), events=(event,)))
            assert made.shown(SESSION) == left
            if left:
                await hall.sessions.forget(SESSION)
                hall.recognising.heard_otherwise(SessionId("other"), FLOOR, [OTHERS])
                assert made.shown(SESSION) is None

    run(story())


def test_an_engine_tells_them_with_its_words() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            made = Readings(hall.sessions)
            hall.recognising.tell_readings(made.heard)
            _, audio, task = await assigned(hall)
            await audio.carry(Sound(RATE), as_live=False)
            engine = hall.connect()
            await hello(engine)
            given = await attached(engine)
            words = (le.Word(text="The", t0=0, t1=100), le.Word(text=" fond", t0=100, t1=200, p=0.3))
            command = do.CommitWords(
                channel=FLOOR,
                generation=given.generation,
                segment=LINE,
                first=0,
                words=words,
                start=do.SegmentStart(t0=0, language="en"),
            )
            act = PassAct(attachment=given.attachment, id=CommandId("w1"), commands=(command,), readings=(OTHERS,))
            refused = msgspec.structs.replace(command, generation=given.generation + 1)
            wrong = msgspec.structs.replace(act, id=CommandId("w0"), commands=(refused,))
            for each, told_now in ((wrong, None), (act, SHOWN)):
                await engine.send(each)
                while not isinstance(await engine.receive(), Accepted | Refused):
                    pass
                assert made.shown(SESSION) == told_now
            await engine.send(Drained(attachment=given.attachment))
            await task

    run(story())
