"""The contract of what serves the pages of questions: the sessions of the centre, and the room of a hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.limits import MOST_OPEN
from moothall.core.rules.questions import MAX_NAME, MAX_TEXT
from moothall.services.questions.asking import AskRequest, RejectedQuestion
from moothall.services.questions.author_view import OwnAct
from moothall.testing.loop import run
from support.hubs.questions_of import SITES, Site, seen
from support.memory.hall import SESSION


def at_both(test: Callable[[Site], Awaitable[None]]) -> Callable[[str], None]:
    """The test at the centre and at a hub, each on a loop whose clock jumps."""

    async def there(name: str) -> None:
        async with SITES[name]() as site:
            await test(site)

    @pytest.mark.parametrize("name", SITES)
    def tested(name: str) -> None:
        run(there(name))

    return tested


def wish(
    text: str = "Why?",
    *,
    form: str = "",
    kind: InterventionKind = InterventionKind.QUESTION,
    name: str = "",
    age: int = 0,
) -> AskRequest:
    return AskRequest(kind=kind, text=text, language="en", form=form or f"f-{text}", name=name, age=age)


async def ask(site: Site, text: str = "Why?", visitor: str = "v1") -> InterventionId:
    answer = await site.questions.ask(SESSION, wish(text), visitor)
    assert not isinstance(answer, RejectedQuestion), answer
    await site.carry()
    return answer


async def bring(site: Site, what: InterventionId, act: OwnAct) -> RefusalCode | None:
    refused = await site.questions.bring(SESSION, site.questions.token(SESSION, what), act)
    await site.carry()
    return None if refused is None else refused.code


async def told(site: Site, what: InterventionId) -> dict[str, object]:
    return seen(await site.questions.own(SESSION, site.questions.token(SESSION, what)))


@at_both
async def test_the_same_form_is_one_question(site: Site) -> None:
    first = await ask(site)
    assert await ask(site) == first
    assert len(site.state.questions.interventions) == 1


@at_both
async def test_what_doesnt_fit_is_not_taken(site: Site) -> None:
    for sent, why in (
        (wish(""), RejectedQuestion.TEXT),
        (wish("x" * (MAX_TEXT + 1)), RejectedQuestion.TEXT),
        (wish(name="x" * (MAX_NAME + 1)), RejectedQuestion.NAME),
    ):
        assert await site.questions.ask(SESSION, sent, "v1") is why
    assert not site.state.questions.last


@at_both
async def test_one_person_has_ten_open_and_one_wish_to_speak(site: Site) -> None:
    speak = wish("", form="r1", kind=InterventionKind.REQUEST)
    assert not isinstance(await site.questions.ask(SESSION, speak, "v1"), RejectedQuestion)
    assert (
        await site.questions.ask(SESSION, wish("", form="r2", kind=InterventionKind.REQUEST), "v1")
        is RejectedQuestion.REQUESTED
    )
    for number in range(MOST_OPEN - 1):
        await ask(site, f"q{number}")
    assert await site.questions.ask(SESSION, wish("One more?"), "v1") is RejectedQuestion.MANY
    await ask(site, "Somebody else?", "v2")


@at_both
async def test_a_meeting_may_want_cookies(site: Site) -> None:
    assert await site.do(do.LimitAsking(known=True)) is None
    assert await site.questions.ask(SESSION, wish(), "") is RejectedQuestion.COOKIE


@at_both
async def test_what_was_written_before_the_close_is_taken_after_it_and_nothing_else(site: Site) -> None:
    await site.clock.sleep(10_000)
    assert await site.do(do.CloseSession(), actor=SYSTEM) is None
    await site.clock.sleep(60_000)
    assert await site.questions.ask(SESSION, wish("Now?"), "v1") is RejectedQuestion.OVER
    assert not isinstance(await site.questions.ask(SESSION, wish("Before?", age=65_000), "v1"), RejectedQuestion)


@at_both
async def test_an_author_puts_off_comes_back_takes_back_and_asks_after_all(site: Site) -> None:
    what = await ask(site)
    assert await site.stand(what, InterventionStatus.QUEUED) is None
    assert (await told(site, what))["stands"] == "In the queue: you are next"
    for act, status, own in (
        (OwnAct.LATER, InterventionStatus.LATER, True),
        (OwnAct.READY, InterventionStatus.QUEUED, True),
        (OwnAct.BACK, InterventionStatus.WITHDRAWN, True),
        (OwnAct.AGAIN, InterventionStatus.CHECKED, True),
    ):
        assert await bring(site, what, act) is None
        each = site.state.questions.get(what)
        assert each is not None
        assert (each.status, each.own) == (status, own)
    assert await bring(site, what, OwnAct.READY) is RefusalCode.FORBIDDEN


@at_both
async def test_an_author_who_is_called_needs_longer_once(site: Site) -> None:
    what = await ask(site)
    assert await bring(site, what, OwnAct.LONGER) is RefusalCode.CONFLICT
    await site.stand(what, InterventionStatus.QUEUED)
    await site.stand(what, InterventionStatus.CALLED)
    assert await bring(site, what, OwnAct.LONGER) is None
    assert site.state.questions.turns[-1].held is not None
    assert await bring(site, what, OwnAct.LONGER) is RefusalCode.CONFLICT
    assert (await told(site, what))["stands"] == "Now: it is your turn"


@at_both
async def test_a_token_of_elsewhere_opens_nothing(site: Site) -> None:
    what = await ask(site)
    token = site.questions.token(SESSION, what)
    for wrong in ("", ".", what, f"x.{what}", token[:-1]):
        assert await site.questions.own(SESSION, wrong) is None
        refused = await site.questions.bring(SESSION, wrong, OwnAct.BACK)
        assert refused is not None
        assert refused.code is RefusalCode.UNKNOWN


@at_both
async def test_a_browser_finds_what_it_has_asked(site: Site) -> None:
    first, second = await ask(site, "One?"), await ask(site, "Two?")
    other = await ask(site, "Three?", "v2")
    assert [own.intervention.id for _, own in await site.questions.mine(SESSION, "v1")] == [second, first]
    assert await site.questions.mine(SESSION, "") == ()
    await site.do(do.SetStatus(interventions=(first,), status=InterventionStatus.JOINED, into=other))
    assert await site.questions.own_of(SESSION, "v1") == {first, second, other}


@at_both
async def test_the_same_act_twice_changes_nothing(site: Site) -> None:
    what = await ask(site)
    await site.stand(what, InterventionStatus.QUEUED)
    token = site.questions.token(SESSION, what)
    for _ in range(2):
        await site.questions.bring(SESSION, token, OwnAct.LATER)
    await site.carry()
    before = site.live.writer.offset
    await site.carry()
    assert site.live.writer.offset == before
    assert site.state.questions.with_status(InterventionStatus.LATER) == [site.state.questions.get(what)]
