from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus, QueueOrder
from moothall.core.kernel.ids import PollId
from moothall.core.questions.on_wall import MOST_LANGUAGES, NEXT, is_public, languages_on_wall, on_wall
from moothall.core.sessions.state import State
from support.sessions.deciding import WALL, carry_out
from support.sessions.questions import MODERATOR, ask, asked, name, of, stand


def test_a_wall_shows_what_is_called_and_the_next_two() -> None:
    state = carry_out(
        asked(), ask("d"), ask("e"), stand(InterventionStatus.QUEUED, "a", "b", "c", "d"),
        stand(InterventionStatus.CALLED, "b"),
        actor=MODERATOR,
    )  # fmt: skip
    found = on_wall(state.questions)
    assert found.now is not None
    assert (found.now.id, [each.id for each in found.next], NEXT) == ("b", ["a", "c"], 2)
    assert not found.moves
    ordered = carry_out(state, do.OrderQueue(order=QueueOrder.SUPPORT), actor=MODERATOR)
    assert on_wall(ordered.questions).moves


def test_what_comes_next_is_not_on_a_wall_that_was_cleared_until_something_is_called() -> None:
    state = carry_out(
        asked(), stand(InterventionStatus.QUEUED, "a", "b"), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR
    )
    cleared = carry_out(state, do.ClearWall(), actor=MODERATOR)
    found = on_wall(cleared.questions)
    assert (found.now, found.next) == (None, ())
    again = carry_out(cleared, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    assert on_wall(again.questions).next == ()
    called = on_wall(carry_out(again, stand(InterventionStatus.CALLED, "b"), actor=MODERATOR).questions)
    assert (called.now and called.now.id, [each.id for each in called.next]) == ("b", ["a"])
    restored = on_wall(carry_out(cleared, do.RestoreWall(intervention=name("a")), actor=MODERATOR).questions)
    assert (restored.now and restored.now.id, [each.id for each in restored.next]) == ("a", ["b"])


def test_a_show_of_hands_is_there_until_somebody_is_called_after_it() -> None:
    poll = PollId("p")
    opened = carry_out(
        asked(),
        do.OpenPoll(poll=poll, question="Shall we?", language="en", options=("Yes", "No")),
        stand(InterventionStatus.QUEUED, "a", "b"),
        stand(InterventionStatus.CALLED, "a"),
        actor=MODERATOR,
        wall=WALL,
    )

    def shown(state: State) -> PollId | None:
        found = on_wall(state.questions).hands
        return None if found is None else found.id

    assert shown(asked()) is None
    assert shown(opened) == poll
    closed = carry_out(opened, do.ClosePoll(poll=poll), actor=MODERATOR, wall=WALL + 1_000)
    assert shown(closed) == poll, "the result stays for a while"
    assert shown(carry_out(closed, stand(InterventionStatus.CALLED, "b"), actor=MODERATOR, wall=WALL + 2_000)) is None
    mistaken = carry_out(opened, do.ClosePoll(poll=poll, void=True), actor=MODERATOR)
    assert shown(mistaken) is None


def test_walls_that_were_cleared_show_the_next_show_of_hands() -> None:
    again = do.OpenPoll(poll=PollId("q"), question="And now?", language="en", options=("Yes", "No"))
    first = do.OpenPoll(poll=PollId("p"), question="Shall we?", language="en", options=("Yes", "No"))
    cleared = carry_out(asked(), first, do.ClearWall(), actor=MODERATOR)
    assert on_wall(cleared.questions).hands is None
    closed = carry_out(cleared, do.ClosePoll(poll=PollId("p")), actor=MODERATOR)
    assert on_wall(closed.questions).hands is None
    found = on_wall(carry_out(closed, again, actor=MODERATOR).questions).hands
    assert found is not None
    assert found.id == "q"


def test_nothing_that_nobody_has_approved_is_there() -> None:
    found = on_wall(asked().questions)
    assert (found.now, found.next) == (None, ())


@pytest.mark.parametrize(
    ("status", "public"),
    [
        (InterventionStatus.QUEUED, True),
        (InterventionStatus.CALLED, True),
        (InterventionStatus.LATER, True),
        (InterventionStatus.ANSWERED, True),
        (InterventionStatus.TO_WRITE, True),
        (InterventionStatus.TO_REPORT, True),
        (InterventionStatus.CHECKED, False),
        (InterventionStatus.DECLINED, False),
        (InterventionStatus.WITHDRAWN, False),
        (InterventionStatus.CLOSED, False),
    ],
)
def test_what_is_published_is_public_only_where_it_stands_on_a_list(status: InterventionStatus, public: bool) -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    assert not is_public(of(asked(), "a"))
    assert is_public(msgspec.structs.replace(of(state, "a"), status=status)) is public


def test_a_question_is_translated_into_the_other_languages_of_its_wall() -> None:
    each = of(carry_out(asked(), ask("d", language="es-MX"), actor=MODERATOR), "d")
    assert languages_on_wall(each, ("es", "en")) == ("en",)
    assert languages_on_wall(each, ("en", "en", "fr", "ar")) == ("en", "fr")
    assert MOST_LANGUAGES == 2
    assert languages_on_wall(each, ("es-AR",)) == ()
    assert languages_on_wall(msgspec.structs.replace(each, text=""), ("en",)) == ()
    assert name("d") == each.id
