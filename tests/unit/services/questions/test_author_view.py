from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.services.questions.author_view import own_of
from support.sessions.deciding import WALL, carry_out, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, asked, of, stand


@pytest.mark.parametrize(
    ("status", "may"),
    [
        (InterventionStatus.QUEUED, (True, True, False, False)),
        (InterventionStatus.LATER, (True, False, False, False)),
        (InterventionStatus.TO_WRITE, (True, False, False, False)),
        (InterventionStatus.ANSWERED, (False, False, False, False)),
        (InterventionStatus.WITHDRAWN, (False, False, False, True)),
    ],
)
def test_what_its_author_may_do_with_it(status: InterventionStatus, may: tuple[bool, ...]) -> None:
    state = carry_out(asked(), stand(status, "a"), actor=MODERATOR)
    own = own_of(state, of(state, "a"), None, WALL)
    assert (own.may_go, own.may_put_off, own.may_return, own.may_ask_again) == may
    over = carry_out(state, do.CloseSession())
    own = own_of(over, of(over, "a"), None, WALL)
    assert (own.may_go, own.may_put_off or own.may_return or own.may_ask_again) == (may[0], False)
    assert own.undecided is (status in (InterventionStatus.QUEUED, InterventionStatus.LATER))


def test_what_its_author_has_put_off_comes_back() -> None:
    state = carry_out(speaking(), ask("a"), actor=SOMEBODY)
    state = carry_out(state, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.LATER, "a"), actor=SOMEBODY)
    assert own_of(state, of(state, "a"), None, WALL).may_return
