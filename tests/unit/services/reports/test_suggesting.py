"""Lines are suggested one report at a time, while no meeting is on, with vectors where there are any."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import PolicyQuestionId, SegmentId, SessionId
from moothall.core.reports.suggestions import PolicyQuestionText, SuggestedLines, SuggestibleLine
from moothall.services.reports.suggesting import (
    AT_ONCE,
    LOOK_MS,
    MOST_LINES,
    MOST_MADE,
    MOST_QUESTIONS,
    MOST_WAITING,
    NoSuggestions,
    Suggesting,
    SuggestionOrder,
)
from moothall.testing.clock import ManualClock
from moothall.testing.suggestion_work import SuggestionWorkMemory

LINES = tuple(
    SuggestibleLine(SegmentId(f"s{at}"), f"Schools in village {at} need community networks", "en") for at in range(6)
)
ORDER = SuggestionOrder(
    lines=LINES, questions=(PolicyQuestionText(PolicyQuestionId("q"), "What do schools need?", "en"),)
)


class Meetings:
    """Whether a meeting is on."""

    def __init__(self) -> None:
        self.on = False

    def quiet(self) -> bool:
        return not self.on


async def test_lines_are_suggested_while_no_meeting_is_on() -> None:
    work, meetings = SuggestionWorkMemory(), Meetings()
    suggesting = Suggesting(work, meetings.quiet, ManualClock())
    found = await suggesting.suggest(ORDER)
    assert isinstance(found, SuggestedLines)
    assert found.session
    assert work.orders == [ORDER]
    meetings.on = True
    assert await suggesting.suggest(ORDER) is NoSuggestions.MEETING_ON
    assert len(work.orders) == 1


async def test_what_is_under_way_is_given_up_when_a_meeting_begins() -> None:
    work, meetings, clock = SuggestionWorkMemory(), Meetings(), ManualClock()
    work.may_end.clear()
    suggesting = Suggesting(work, meetings.quiet, clock)
    asked = [asyncio.ensure_future(suggesting.suggest(ORDER)) for _ in range(2)]
    await clock.advance(3 * LOOK_MS)
    assert work.running == 1
    meetings.on = True
    await clock.advance(LOOK_MS)
    assert await asyncio.gather(*asked) == [NoSuggestions.MEETING_ON] * 2
    assert (work.running, len(work.orders)) == (0, 1)


async def test_who_gives_up_waiting_ends_the_work() -> None:
    work, clock = SuggestionWorkMemory(), ManualClock()
    work.may_end.clear()
    suggesting = Suggesting(work, lambda: True, clock)
    asked = asyncio.ensure_future(suggesting.suggest(ORDER))
    await clock.advance(LOOK_MS)
    asked.cancel()
    await asyncio.wait({asked})
    assert (asked.cancelled(), work.running) == (True, 0)
    work.may_end.set()
    assert isinstance(await suggesting.suggest(ORDER), SuggestedLines)


async def test_too_many_reports_are_refused_for_now() -> None:
    work, clock = SuggestionWorkMemory(), ManualClock()
    work.may_end.clear()
    suggesting = Suggesting(work, lambda: True, clock)
    asked = [asyncio.ensure_future(suggesting.suggest(ORDER)) for _ in range(MOST_WAITING + 1)]
    await clock.advance(0)
    assert work.running == 1
    assert await suggesting.suggest(ORDER) is NoSuggestions.BUSY
    work.may_end.set()
    assert all(isinstance(each, SuggestedLines) for each in await asyncio.gather(*asked))
    assert len(work.orders) == MOST_WAITING + 1


async def test_a_failure_is_told() -> None:
    work = SuggestionWorkMemory()
    work.fails = True
    assert await Suggesting(work, lambda: True, ManualClock()).suggest(ORDER) is NoSuggestions.FAILED


async def test_vectors_are_asked_for_a_few_at_a_time() -> None:
    asked: list[Sequence[str]] = []

    async def embed(texts: Sequence[str]) -> bytes:
        asked.append(texts)
        return b"".join(bytes([len(text)]) for text in texts)

    work = SuggestionWorkMemory()
    suggesting = Suggesting(work, lambda: True, ManualClock(), embed=embed)
    await suggesting.suggest(ORDER)
    assert [len(texts) for texts in asked] == [AT_ONCE, len(LINES) + 1 - AT_ONCE]
    assert work.orders[0].vectors == bytes([*(len(each.text) for each in LINES), len(ORDER.questions[0].text)])
    await suggesting.suggest(SuggestionOrder(lines=()))
    assert work.orders[1].vectors == b""


async def test_vectors_that_the_search_has_are_taken_and_only_so_many_are_made() -> None:
    asked: list[str] = []
    about: list[SessionId] = []

    async def embed(texts: Sequence[str]) -> bytes:
        asked.extend(texts)
        return b"".join(bytes([7, 7]) for _ in texts)

    async def made(session: SessionId) -> Mapping[SegmentId, bytes]:
        about.append(session)
        return {SegmentId("s0"): b"\x01\x02"}

    long = tuple(SuggestibleLine(SegmentId(f"l{at}"), "A longer line than others", "en") for at in range(MOST_MADE - 1))
    work = SuggestionWorkMemory()
    suggesting = Suggesting(work, lambda: True, ManualClock(), embed=embed, made=made)
    short = SuggestibleLine(SegmentId("short"), "Yes.", "en")
    order = SuggestionOrder(session=SessionId("water"), lines=(LINES[0], short, LINES[1], *long))
    await suggesting.suggest(order)
    assert about == ["water"]
    assert len(asked) == MOST_MADE
    assert not {LINES[0].text, short.text} & set(asked)
    assert work.orders[0].vectors == b"\x01\x02" + b"\x00\x00" + b"\x07\x07" * MOST_MADE


async def test_without_vectors_words_have_to_do() -> None:
    async def embed(texts: Sequence[str]) -> bytes:
        raise StorageUnavailable("The process that compares meanings has failed.")

    work = SuggestionWorkMemory()
    found = await Suggesting(work, lambda: True, ManualClock(), embed=embed).suggest(ORDER)
    assert isinstance(found, SuggestedLines)
    assert work.orders == [ORDER]


async def test_an_order_is_bounded() -> None:
    work = SuggestionWorkMemory()
    order = SuggestionOrder(lines=LINES[:1] * (MOST_LINES + 1), questions=ORDER.questions * (MOST_QUESTIONS + 1))
    work.fails = True
    await Suggesting(work, lambda: True, ManualClock()).suggest(order)
    assert (len(work.orders[0].lines), len(work.orders[0].questions)) == (MOST_LINES, MOST_QUESTIONS)
