from __future__ import annotations

import msgspec

from asking import MODERATOR, SOMEBODY, ask, stand
from deciding import WALL, carry_out, speaking
from moothall.core import commands as do
from moothall.core.events.question_parts import Standing
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.blocked_words import BLOCKED_WORD
from moothall.core.questions.unread import unread_for


def test_the_first_that_is_marked_and_being_checked_counts() -> None:
    state = carry_out(speaking(), ask("a"), actor=SOMEBODY)
    assert unread_for(state.floor, 9_000) is None
    marked = msgspec.structs.replace(ask("b"), flags=(BLOCKED_WORD,))
    later = msgspec.structs.replace(ask("c"), flags=(BLOCKED_WORD,))
    state = carry_out(state, marked, actor=SOMEBODY, wall=WALL + 1_000)
    state = carry_out(state, later, actor=SOMEBODY, wall=WALL + 5_000)
    assert unread_for(state.floor, 9_000) == 8_000
    state = carry_out(state, do.Flag(intervention=InterventionId("b"), flags=()), actor=MODERATOR)
    assert unread_for(state.floor, 9_000) == 4_000
    assert unread_for(state.floor, 0) == 0
    state = carry_out(state, stand(Standing.DECLINED, "c", reason="It is rude."), actor=MODERATOR)
    assert unread_for(state.floor, 9_000) is None
