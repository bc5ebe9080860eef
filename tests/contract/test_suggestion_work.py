"""Suggestions are computed in a process of its own as they are in memory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import pytest

from moothall.adapters.reports.suggesting import MeaningVectors, SuggestingLimits, SuggestingProcess
from moothall.adapters.search.meaning_child import MeaningChild
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import PolicyQuestionId, SegmentId
from moothall.core.reports.suggestions import Boost, PolicyQuestionText, SuggestibleLine, SuggestionReason
from moothall.services.reports.suggesting import SuggestionOrder, SuggestionWork
from moothall.testing.clock import ManualClock
from moothall.testing.suggestion_work import SuggestionWorkMemory
from moothall.wire.meaning import DIMENSIONS

QUESTION = PolicyQuestionId("q")
TEXTS = (
    "Community networks connect schools in remote villages",
    "Children need protection online and training for parents",
    "The weather of the coast was mild in autumn this year",
)
ORDER = SuggestionOrder(
    lines=tuple(SuggestibleLine(SegmentId(f"s{at}"), text, "de") for at, text in enumerate(TEXTS)),
    questions=(PolicyQuestionText(QUESTION, "Who will connect schools?", "de"),),
    boosts=(Boost(SegmentId("s1"), SuggestionReason.MARKED),),
)


@pytest.fixture(params=[SuggestingProcess, SuggestionWorkMemory])
def work(request: pytest.FixtureRequest) -> SuggestionWork:
    make: Callable[[], SuggestionWork] = request.param
    return make()


async def test_lines_are_suggested(work: SuggestionWork) -> None:
    found = await work.suggest(ORDER)
    assert [each.segment for each in found.questions[QUESTION]] == ["s0"]
    assert found.session[0].reasons == (SuggestionReason.CENTRAL, SuggestionReason.MARKED)
    assert await work.suggest(SuggestionOrder(lines=())) == await SuggestionWorkMemory().suggest(
        SuggestionOrder(lines=())
    )


async def test_the_process_takes_vectors() -> None:
    rows = [bytes([100 if at == axis else 1 for at in range(DIMENSIONS)]) for axis in (5, 6, 7, 6)]
    vectors = b"".join(rows)
    found = await SuggestingProcess().suggest(
        SuggestionOrder(lines=ORDER.lines, questions=ORDER.questions, vectors=vectors)
    )
    assert found.questions[QUESTION][0].segment == "s1"
    assert found.session[0].words == ()
    others = await SuggestingProcess().suggest(
        SuggestionOrder(lines=ORDER.lines, questions=ORDER.questions, vectors=vectors[1:])
    )
    assert others.questions[QUESTION][0].segment == "s0"


async def test_a_process_that_takes_too_much_is_a_failure() -> None:
    with pytest.raises(StorageUnavailable):
        await SuggestingProcess(patience=0.0).suggest(ORDER)
    with pytest.raises(StorageUnavailable):
        await SuggestingProcess(limits=SuggestingLimits(memory=1)).suggest(ORDER)


async def test_a_process_that_is_given_up_ends() -> None:
    asked = asyncio.ensure_future(SuggestingProcess().suggest(ORDER))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_vectors_come_from_the_process_that_compares_meanings() -> None:
    answer = "import struct,sys,msgspec;from moothall.wire.meaning import Embedded,framed;sys.stdin.buffer.read(4);"
    answer += (
        f"sys.stdout.buffer.write(framed(Embedded(bytes({DIMENSIONS}))));sys.stdout.flush();sys.stdin.buffer.read()"
    )
    child = MeaningChild(ManualClock(), program=(sys.executable, "-c", answer))
    try:
        assert await MeaningVectors(child)(("one",)) == bytes(DIMENSIONS)
    finally:
        await child.close()
    child = MeaningChild(ManualClock(), program=(sys.executable, "-c", answer))
    try:
        with pytest.raises(StorageUnavailable):
            await MeaningVectors(child)(("one", "two"))
    finally:
        await child.close()
