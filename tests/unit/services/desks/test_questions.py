from __future__ import annotations

from typing import Any

import msgspec

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus, QueueOrder
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import PollId, SegmentId
from moothall.core.outcomes.document import OutcomeDocument
from moothall.core.questions.interventions import Questions
from moothall.core.sessions.state import State
from moothall.services.desks.questions import LEADERS, NEW_MS, NEWEST, POLLS, DeskQuestions, parts_of
from support.sessions.deciding import FLOOR, WALL, carry_out, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, asked, name, stand


def news(told: DeskQuestions, state: State, wall: int = WALL, *, anew: bool = False) -> dict[str, Any]:
    body = told.news(state, wall, anew=anew)
    assert body is not None
    return body


def began(told: DeskQuestions) -> dict[str, Any]:
    """What a desk that comes now is told."""
    return told.whole()


def before(told: DeskQuestions, number: int) -> dict[str, Any]:
    """Those that were asked before that one."""
    return told.older(number)


def names(body: dict[str, Any]) -> list[str]:
    return [item["id"] for item in body["items"]]


def test_those_who_may_bring_a_question_on_are_told() -> None:
    assert {Role.TECHNICIAN, Role.CHAIR, Role.MODERATOR, Role.SECRETARIAT} == LEADERS


def test_first_all_then_what_has_changed_and_nothing_twice() -> None:
    told, state = DeskQuestions(), asked()
    first = news(told, state)
    assert (names(first), first["whole"], first["queue"], first["order"]) == (["a", "b", "c"], False, [], "arrival")
    item = first["items"][1]
    assert (item["number"], item["origin"], item["status"], item["text"]) == (
        2,
        "hub:nairobi",
        "being-checked",
        "When?",
    )
    assert "asker" not in item
    assert told.news(state, WALL) is None
    state = carry_out(state, stand(InterventionStatus.QUEUED, "b"), actor=MODERATOR)
    body = news(told, state)
    assert (names(body), body["queue"]) == (["b"], [{"intervention": "b", "why": "arrival"}])
    state = carry_out(state, do.OrderQueue(order=QueueOrder.NEWCOMERS), actor=MODERATOR)
    body = news(told, state)
    assert (names(body), body["queue"], body["order"]) == ([], [{"intervention": "b", "why": "newcomer"}], "newcomers")
    state = carry_out(state, stand(InterventionStatus.CALLED, "b"), actor=MODERATOR, wall=WALL + 7_000)
    body = news(told, state)
    assert (body["called"], body["turn"], body["mean"]) == ("b", 7_000, 120_000)
    whole = told.whole()
    assert isinstance(whole["items"], list)
    assert (len(whole["items"]), whole["whole"], whole["called"]) == (3, True, "b")
    assert told.news(msgspec.structs.replace(state, questions=Questions()), WALL) == {
        "queue": [],
        "order": "arrival",
        "known": False,
        "arranged": [],
        "called": None,
        "turn": None,
        "limit": 120_000,
        "time": 120_000,
        "typed": False,
        "begin": None,
        "longer": False,
        "mean": 120_000,
        "alike": [],
        "polls": [],
        "whole": False,
        "items": [],
        "gone": ["a", "b", "c"],
    }


def test_a_comment_is_told_with_the_paragraph_that_it_is_about_once_that_is_known() -> None:
    told, state = DeskQuestions(), asked()
    assert {each["paragraph"] for each in news(told, state)["items"]} == {0}
    document = OutcomeDocument(comments={name("b"): 3})
    state = msgspec.structs.replace(state, outcomes=msgspec.structs.replace(state.outcomes, document=document))
    assert [(each["id"], each["paragraph"]) for each in news(told, state)["items"]] == [("b", 3)]
    assert told.news(state, WALL) is None


def test_shows_of_hands_are_told_the_open_one_first_and_the_newest_of_the_others() -> None:
    told, state = DeskQuestions(), asked()
    news(told, state)
    for number in range(POLLS + 2):
        poll = PollId(f"p{number}")
        opened = do.OpenPoll(poll=poll, question="Shall we?", language="en", options=("Yes", "No"))
        state = carry_out(state, opened, do.ClosePoll(poll=poll, void=number == POLLS), actor=MODERATOR)
    again = do.OpenPoll(poll=PollId("p3"), question="Shall we?", language="en", options=("Yes", "No"))
    state = carry_out(state, again, do.CountRoom(poll=PollId("p3"), room=(7, 2)), actor=MODERATOR)
    polls = news(told, state)["polls"]
    assert isinstance(polls, list)
    assert len(polls) == POLLS
    assert [poll["number"] for poll in polls[:3]] == [4, POLLS + 2, POLLS], "but for the one that was a mistake"
    assert (polls[0]["open"], polls[0]["room"], polls[0]["remote"]) == (True, (7, 2), (0, 0))
    assert news(told, carry_out(state, do.CountPoll(poll=PollId("p3"), remote=(1, 0))))["items"] == []


def test_a_turn_is_told_with_its_limit_and_until_when_it_is_held() -> None:
    told = DeskQuestions()
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.CALLED, "a"), actor=MODERATOR, wall=WALL + 5_000)

    def turn(body: dict[str, Any]) -> list[object]:
        return [body[key] for key in ("turn", "limit", "time", "typed", "begin")]

    assert turn(news(told, state)) == [5_000, 120_000, 120_000, False, 65_000]
    spoken = do.TypeSegment(channel=FLOOR, segment=SegmentId("x"), text="She asks why.", language="en")
    state = carry_out(state, spoken, actor=Actor(Role.CAPTIONER, "c"), wall=WALL + 6_000)
    assert news(told, state)["begin"] is None, "somebody reads it aloud"
    state = carry_out(state, do.TypeTurn(intervention=name("a")), actor=Actor(Role.PARTICIPANT, "a"))
    state = carry_out(state, do.LimitTurns(ms=60_000), actor=MODERATOR)
    assert turn(news(told, state)) == [5_000, 60_000, 180_000, True, None]


def test_likely_the_same_is_told_in_groups_of_what_is_still_to_come() -> None:
    told = DeskQuestions()
    state = carry_out(asked(), ask("d", "Why ?"), ask("e", "why"), actor=SOMEBODY)
    assert news(told, state)["alike"] == [["a", "d", "e"]]
    state = carry_out(state, stand(InterventionStatus.JOINED, "d", into=name("a")), actor=MODERATOR)
    assert news(told, state)["alike"] == [["a", "e"]]


def test_what_was_said_comes_with_its_words_and_later_ones_are_looked_for_a_minute() -> None:
    asked_late = carry_out(asked(), ask("d", "Where?"), actor=SOMEBODY, wall=WALL + 30_000)
    ended = do.TypeSegment(channel=FLOOR, segment=SegmentId("before"), text="So.", language="en")
    state = carry_out(asked_late, ended, actor=Actor(Role.CAPTIONER, "c"), wall=WALL + 8_000)
    told = DeskQuestions()
    said = {item["id"]: item["said"] for item in news(told, state)["items"]}
    assert said["a"]["text"] == "Good morning all."
    assert said["d"] is None
    line = do.TypeSegment(channel=FLOOR, segment=SegmentId("x"), text="Water is life.", language="en")
    later = carry_out(state, line, actor=Actor(Role.CAPTIONER, "c"), wall=WALL + 29_000)
    (item,) = news(told, later, WALL + 31_000)["items"]
    assert item["said"] == {"segment": "x", "t0": 29_000, "text": "Water is life.", "language": "en"}
    late = DeskQuestions()
    news(late, state, WALL)
    assert late.news(later, WALL + 30_001 + NEW_MS) is None
    assert names(news(late, later, WALL + 30_001 + NEW_MS, anew=True)) == ["d"]


def test_a_desk_begins_with_the_queue_and_the_newest_and_asks_for_older_ones() -> None:
    state = speaking()
    for number in range(1, NEWEST + 51):
        state = carry_out(state, ask(f"q{number}", asker=f"by{number}"), actor=SOMEBODY)
    state = carry_out(
        state,
        stand(InterventionStatus.QUEUED, "q2", "q3"),
        stand(InterventionStatus.DECLINED, "q4", reason="."),
        actor=MODERATOR,
    )
    told = DeskQuestions()
    news(told, state)
    whole = began(told)
    assert (names(whole)[:3], names(whole)[-1]) == (["q2", "q3", "q51"], f"q{NEWEST + 50}")
    assert len(whole["items"]) == NEWEST + 2
    assert whole["more"] == {"before": 51, "count": 48, "checked": 47}
    older = before(told, 51)
    assert (names(older)[0], names(older)[-1], len(names(older)), older["more"]) == ("q50", "q1", 48, None)
    older = before(told, NEWEST + 20)
    assert (len(older["items"]), older["more"]) == (NEWEST, {"before": 20, "count": 17, "checked": 16})


def test_no_message_is_larger_than_a_stock_client_takes() -> None:
    state = speaking()
    for number in range(1, 301):
        state = carry_out(state, ask(f"q{number}", "\U0001f600" * 2_000, asker=f"by{number}"), actor=SOMEBODY)
    told = DeskQuestions()
    parts = list(parts_of(news(told, state)))
    assert sum(len(names(part)) for part in parts) == 300
    whole = began(told)
    assert all(len(msgspec.json.encode(each)) < 1_200_000 for each in (*parts, whole))
    state = carry_out(
        state, stand(InterventionStatus.QUEUED, *(f"q{number}" for number in range(1, 301))), actor=MODERATOR
    )
    news(told, state)
    whole = began(told)
    assert whole["more"]["before"] == 301, "what is in the queue and isn't here comes with the older ones"
    seen, more = set(names(whole)), whole["more"]
    while more is not None:
        older = before(told, more["before"])
        seen |= set(names(older))
        more = older["more"]
    assert len(seen) == 300
