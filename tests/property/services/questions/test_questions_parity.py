"""Whatever people do, the centre and a hub answer the same, refuse the same, and offer the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import InterventionId
from moothall.services.questions.asking import AskRequest, RejectedQuestion
from moothall.services.questions.author_view import OwnAct
from moothall.testing.loop import run
from support.hubs.questions_of import SITES, Site, seen
from support.memory.hall import SESSION

AUTHORS = ("v1", "v2")
Step = tuple[str, int, object]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 1), st.sampled_from(InterventionKind)),
        st.tuples(st.just("own"), st.integers(0, 3), st.sampled_from(OwnAct)),
        st.tuples(
            st.just("stand"),
            st.integers(0, 3),
            st.sampled_from(
                [
                    InterventionStatus.QUEUED,
                    InterventionStatus.CALLED,
                    InterventionStatus.ANSWERED,
                    InterventionStatus.LATER,
                    InterventionStatus.DECLINED,
                    InterventionStatus.TO_WRITE,
                ]
            ),
        ),
        st.tuples(st.just("join"), st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(1, 200_000), st.none()),
        st.tuples(st.just("life"), st.just(0), st.sampled_from(["pause", "resume", "close", "reopen"])),
    ),
    max_size=16,
)
LIFE: dict[object, do.AnyCommand] = {
    "pause": do.PauseSession(),
    "resume": do.ResumeSession(),
    "close": do.CloseSession(),
    "reopen": do.ReopenSession(),
}


async def story(name: str, steps: list[Step]) -> list[object]:
    """What everybody is told, step by step. Questions go by their order: their names differ."""
    told: list[object] = []
    async with SITES[name]() as site:
        asked: list[InterventionId] = []
        for number, step in enumerate(steps):
            told.append(await _done(site, step, asked, number))
            await site.carry()
            for what in asked:
                own = await site.questions.own(SESSION, site.questions.token(SESSION, what))
                told.append(seen(own))
            for visitor in AUTHORS:
                mine = await site.questions.mine(SESSION, visitor)
                told.append([asked.index(own.intervention.id) for _, own in mine])
                told.append(sorted(map(asked.index, await site.questions.own_of(SESSION, visitor))))
    return told


async def _done(site: Site, step: Step, asked: list[InterventionId], number: int) -> object:
    kind, which, what = step
    if kind == "wait":
        await site.clock.sleep(which)
        return None
    if kind == "life":
        refused = await site.do(LIFE[what], actor=SYSTEM)
        return None if refused is None else refused.code
    if kind == "ask":
        assert isinstance(what, InterventionKind)
        wish = AskRequest(kind=what, text=f"Why {number}?", language="en", form=f"form-{number}")
        answer = await site.questions.ask(SESSION, wish, AUTHORS[which])
        if isinstance(answer, RejectedQuestion):
            return answer
        asked.append(answer)
        return len(asked)
    if which >= len(asked):
        return None
    if kind == "own":
        assert isinstance(what, OwnAct)
        refused = await site.questions.bring(SESSION, site.questions.token(SESSION, asked[which]), what)
    elif kind == "join":
        assert isinstance(what, int)
        into = asked[what] if what < len(asked) else None
        command = do.SetStatus(interventions=(asked[which],), status=InterventionStatus.JOINED, into=into)
        refused = await site.do(command)
    else:
        assert isinstance(what, InterventionStatus)
        reason = "Off topic." if what is InterventionStatus.DECLINED else ""
        refused = await site.stand(asked[which], what, reason)
    return None if refused is None else refused.code


@settings(max_examples=60)
@given(STEPS)
def test_the_centre_and_a_hub_say_the_same(steps: list[Step]) -> None:
    assert run(story("hub", steps)) == run(story("centre", steps))
