"""Proposals of a call are found by what they mean, with vectors that are made a few at a time and held in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.services.outcomes.similar_submissions import (
    MOST_HELD,
    MOST_MADE,
    MOST_WAITING,
    PATIENCE_MS,
    SimilarSubmissions,
)
from moothall.services.reports.suggesting import AT_ONCE
from moothall.testing.clock import ManualClock

CALL = SessionId("call-1")
P1, P2 = InterventionId("p1"), InterventionId("p2")
TEXTS = {P1: "the digital divide", P2: "children online"}


class Model:
    """Knows two words, each in two languages."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []
        self.fails = False
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, texts: Sequence[str]) -> bytes:
        self.asked.append(texts)
        await self.may_end.wait()
        if self.fails:
            raise StorageUnavailable("It has failed.")
        return b"".join(
            bytes([100 * ("divide" in text or "fossé" in text), 100 * ("children" in text or "enfants" in text)])
            for text in texts
        )


def similar(model: Model, *, quiet: bool = True, clock: ManualClock | None = None) -> SimilarSubmissions:
    return SimilarSubmissions(model, quiet=lambda: quiet, clock=clock or ManualClock())


async def test_a_proposal_in_another_language_is_found_unless_its_words_were() -> None:
    model = Model()
    found = similar(model)
    assert await found.find(CALL, "le fossé", lambda: TEXTS) == [P1]
    assert await found.find(CALL, "les enfants", lambda: TEXTS) == [P2]
    assert await found.find(CALL, "les enfants", lambda: TEXTS, [P2]) == []
    assert await found.find(CALL, "  ", lambda: TEXTS) == ()
    assert await found.find(SessionId("call-2"), "le fossé", lambda: {}) == ()
    # Those of proposals are made once, the newest first.
    assert model.asked == [["children online", "the digital divide"], ["le fossé"], ["les enfants"], ["les enfants"]]


async def test_a_changed_or_withdrawn_proposal_is_not_compared_by_its_old_words() -> None:
    model = Model()
    found = similar(model)
    await found.find(CALL, "le fossé", lambda: TEXTS)
    assert await found.find(CALL, "le fossé", lambda: {P1: "cables", P2: "children online"}) == []
    assert await found.find(CALL, "les enfants", lambda: {P1: "cables"}) == []
    assert model.asked[-3:] == [["cables"], ["le fossé"], ["les enfants"]]


async def test_what_was_removed_while_vectors_were_made_is_not_found() -> None:
    model, there = Model(), dict(TEXTS)
    found = similar(model)
    await found.find(CALL, "les enfants", lambda: {**there})
    model.may_end.clear()
    waiting = asyncio.ensure_future(found.find(CALL, "le fossé", lambda: {**there}))
    await asyncio.sleep(0)
    del there[P1]
    model.may_end.set()
    assert await waiting == []


async def test_while_a_meeting_is_on_no_vectors_of_proposals_are_made() -> None:
    model = Model()
    assert await similar(model, quiet=False).find(CALL, "le fossé", lambda: TEXTS) == []
    assert model.asked == [["le fossé"]]


async def test_many_proposals_are_compared_one_look_after_the_other() -> None:
    model = Model()
    found = similar(model)
    many = {InterventionId(f"p{n}"): "the divide" if n == 0 else f"cables {n}" for n in range(MOST_MADE + 1)}
    assert await found.find(CALL, "le fossé", lambda: many) == []
    assert [len(texts) for texts in model.asked] == [AT_ONCE] * (MOST_MADE // AT_ONCE) + [1]
    assert await found.find(CALL, "le fossé", lambda: many) == [InterventionId("p0")]


async def test_the_vectors_of_so_many_calls_are_held() -> None:
    model = Model()
    found = similar(model)
    for n in range(MOST_HELD + 1):
        await found.find(SessionId(f"call-{n}"), "le fossé", partial(dict, {P1: f"the divide {n}"}))
    model.asked.clear()
    await found.find(SessionId(f"call-{MOST_HELD}"), "le fossé", lambda: {P1: f"the divide {MOST_HELD}"})
    await found.find(SessionId("call-0"), "le fossé", lambda: {P1: "the divide 0"})
    assert model.asked == [["le fossé"], ["the divide 0"], ["le fossé"]]


async def test_nothing_is_found_where_the_process_fails_or_takes_long_or_too_many_wait() -> None:
    model, clock = Model(), ManualClock()
    found = similar(model, clock=clock)
    model.fails = True
    assert await found.find(CALL, "le fossé", lambda: TEXTS) == ()
    model.fails = False
    model.may_end.clear()
    asked = [asyncio.ensure_future(found.find(CALL, "le fossé", lambda: TEXTS)) for _ in range(MOST_WAITING)]
    await clock.advance(0)
    assert await found.find(CALL, "le fossé", lambda: TEXTS) == ()
    await clock.advance(PATIENCE_MS)
    assert await asyncio.gather(*asked) == [()] * MOST_WAITING
    model.may_end.set()
    assert await found.find(CALL, "le fossé", lambda: TEXTS) == [P1]
