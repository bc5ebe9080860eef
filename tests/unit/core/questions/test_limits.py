"""How many questions a session takes: open ones count, and a used slot becomes free again."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.errors import RefusalCode
from moothall.core.questions import limits
from moothall.core.questions.limits import MOST_EVER
from support.sessions.deciding import carry_out, events, refused, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, asked, stand


@pytest.fixture
def small(request: pytest.FixtureRequest) -> Iterator[None]:
    """A bound by its name, made so small that a test reaches it."""
    name, bound = request.param
    known = getattr(limits, name)
    setattr(limits, name, bound)
    yield
    setattr(limits, name, known)


def with_bound(name: str, bound: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("small", [(name, bound)], indirect=True, ids=[name])


@with_bound("MOST", 3)
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "to",
    [
        InterventionStatus.DECLINED,
        InterventionStatus.ANSWERED,
        InterventionStatus.TO_REPORT,
        InterventionStatus.WITHDRAWN,
    ],
)
def test_a_session_is_full_of_what_is_open_and_takes_more_once_some_of_that_is_dealt_with(
    to: InterventionStatus,
) -> None:
    state = asked()
    assert refused(state, ask("more")).code is RefusalCode.CONFLICT
    by = SOMEBODY if to is InterventionStatus.WITHDRAWN else MODERATOR
    state = carry_out(state, stand(to, "a", reason="It is a flood."), actor=by)
    assert len(events(state, ask("more"), actor=SOMEBODY)) == 2
    if to is InterventionStatus.WITHDRAWN:
        full = carry_out(state, ask("more"), actor=SOMEBODY)
        assert refused(full, stand(InterventionStatus.CHECKED, "a")).code is RefusalCode.CONFLICT


def test_however_few_are_open_a_log_holds_only_so_many() -> None:
    state = asked()
    full = msgspec.structs.replace(state, questions=msgspec.structs.replace(state.questions, last=MOST_EVER))
    assert refused(full, ask("more")).code is RefusalCode.CONFLICT


@with_bound("MOST_OF_HUB", 5)
@pytest.mark.usefixtures("small")
def test_no_hub_fills_the_session() -> None:
    many = (ask(f"q{n}", origin=f"hub:north.h{n % 3}") for n in range(4))
    state = carry_out(speaking(), *many, ask("last", origin="hub:north"), actor=SOMEBODY)
    for hub in ("north", "north.h9"):
        assert refused(state, ask("more", origin=f"hub:{hub}")).code is RefusalCode.CONFLICT
    assert len(events(state, ask("more", origin="hub:northern"), actor=SOMEBODY)) == 2
    assert len(events(state, ask("more"), actor=SOMEBODY)) == 2
    some = carry_out(state, stand(InterventionStatus.DECLINED, "last", reason="It is a flood."), actor=MODERATOR)
    assert len(events(some, ask("more", origin="hub:north"), actor=SOMEBODY)) == 2


@with_bound("MOST_EVER_OF_HUB", 2)
@pytest.mark.usefixtures("small")
def test_a_hub_that_takes_back_what_it_asks_does_not_use_up_what_a_session_takes() -> None:
    state = carry_out(speaking(), ask("a", origin="hub:north"), ask("b", origin="hub:north.h1"), actor=SOMEBODY)
    state = carry_out(state, stand(InterventionStatus.WITHDRAWN, "a", "b"), actor=SOMEBODY)
    assert refused(state, ask("more", origin="hub:north.h2")).code is RefusalCode.CONFLICT
    assert len(events(state, ask("more", origin="hub:south"), actor=SOMEBODY)) == 2
    assert len(events(state, ask("more"), actor=SOMEBODY)) == 2


@with_bound("MOST_OF_HUB", 1)
@pytest.mark.usefixtures("small")
def test_what_was_taken_back_of_a_hub_comes_back_within_its_share() -> None:
    state = carry_out(
        speaking(), ask("a", origin="hub:north"), stand(InterventionStatus.WITHDRAWN, "a"), actor=SOMEBODY
    )
    full = carry_out(state, ask("b", origin="hub:north.h1"), actor=SOMEBODY)
    assert refused(full, stand(InterventionStatus.CHECKED, "a"), actor=SOMEBODY).code is RefusalCode.CONFLICT
    assert carry_out(state, stand(InterventionStatus.CHECKED, "a"), actor=SOMEBODY).questions.interventions
