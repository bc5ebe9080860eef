from __future__ import annotations

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.questions.balance import LONG_QUIET_MS, MANY_WAITING, SpeakingShare, Unheard, by_origin, unheard
from support.sessions.deciding import WALL
from support.sessions.questions import Told, ask, meeting, stand

MINUTE = 60_000


def now(told: Told) -> int:
    return told.state.media_now(told.at)


def after(told: Told, ms: int) -> Told:
    told.at += ms
    return told


def test_nobody_has_asked() -> None:
    assert by_origin(Told().state.questions, 0) == {}


def test_by_where_it_comes_from() -> None:
    told = meeting()
    told.do(ask("hub", origin="hub:lima"), stand(InterventionStatus.QUEUED, "hub"))
    told.do(stand(InterventionStatus.CALLED, "q3"))
    after(told, 2 * MINUTE).do(stand(InterventionStatus.ANSWERED, "q3"))
    found = by_origin(told.state.questions, now(told))
    assert list(found) == ["room", "remote", "hub:lima"]
    assert found["room"] == SpeakingShare(received=3, taken=3, answered=3, turns=3, spoken=0, wait=119_000)
    assert found["remote"].spoken == 2 * MINUTE
    assert found["hub:lima"] == SpeakingShare(received=1, taken=0, answered=0, turns=0, spoken=0, wait=None)


def test_a_turn_counts_while_it_lasts_and_the_time_after_an_end_that_is_undone_does_not() -> None:
    told = meeting()
    told.do(stand(InterventionStatus.CALLED, "q3"))
    after(told, MINUTE)
    assert by_origin(told.state.questions, now(told))["remote"].spoken == MINUTE
    told.do(stand(InterventionStatus.LATER, "q3"))
    after(told, 5 * MINUTE).do(stand(InterventionStatus.CALLED, "q3"))
    after(told, MINUTE)
    assert by_origin(told.state.questions, now(told))["remote"].spoken == 2 * MINUTE
    told.do(stand(InterventionStatus.ANSWERED, "q3"))
    after(told, 5 * MINUTE)
    heard = by_origin(told.state.questions, now(told))["remote"]
    assert (heard.spoken, heard.turns, heard.taken) == (2 * MINUTE, 1, 1)


def test_what_is_put_back_has_had_no_turn() -> None:
    told = meeting()
    told.do(stand(InterventionStatus.CALLED, "q3"))
    after(told, MINUTE).do(stand(InterventionStatus.QUEUED, "q3"))
    assert by_origin(told.state.questions, now(told))["remote"].turns == 0


def waiting(many: int) -> Told:
    """So many remote ones wait, since everybody else has had their turn."""
    told = meeting()
    for number in range(many - 1):
        told.do(ask(f"more{number}", origin="remote"), stand(InterventionStatus.QUEUED, f"more{number}"))
    return told


def test_the_chair_is_reminded_of_many_who_wait_for_long() -> None:
    told = waiting(MANY_WAITING)
    assert unheard(told.state.questions, now(told)) == ()
    after(told, LONG_QUIET_MS)
    assert unheard(told.state.questions, now(told)) == (Unheard(origin="remote", waiting=3, minutes=17),)
    few = after(waiting(MANY_WAITING - 1), LONG_QUIET_MS)
    assert unheard(few.state.questions, now(few)) == ()


def test_the_chair_is_not_reminded_of_those_who_are_being_heard_or_just_were() -> None:
    told = after(waiting(MANY_WAITING + 1), LONG_QUIET_MS)
    told.do(stand(InterventionStatus.CALLED, "q3"))
    after(told, LONG_QUIET_MS)
    assert unheard(told.state.questions, now(told)) == ()
    told.do(stand(InterventionStatus.ANSWERED, "q3"))
    assert unheard(told.state.questions, now(told)) == ()
    after(told, LONG_QUIET_MS)
    (found,) = unheard(told.state.questions, now(told))
    assert (found.waiting, found.minutes) == (MANY_WAITING, 15)


def test_each_place_for_itself() -> None:
    told = Told()
    for place in ("hub:lima", "room", "remote"):
        for number in range(MANY_WAITING):
            told.do(
                ask(f"{place[-2:]}{number}", origin=place), stand(InterventionStatus.QUEUED, f"{place[-2:]}{number}")
            )
    told.at = WALL + LONG_QUIET_MS + MINUTE
    assert [each.origin for each in unheard(told.state.questions, now(told))] == ["room", "remote", "hub:lima"]
