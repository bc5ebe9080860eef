from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import hubs as he
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import PolicyQuestionId, SegmentId, SpeakerId
from moothall.core.questions.interventions import speaker_of
from moothall.core.questions.limits import MOST_OPEN
from moothall.core.removal.questions import stays_of
from moothall.core.rules.authority import COMMANDS, may_send
from moothall.core.rules.questions import (
    MAX_ANSWER,
    MAX_NAME,
    MAX_REASON,
    MAX_TEXT,
    MOST_AT_ONCE,
    MOST_FLAGS,
    REPORTED,
)
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import evolve
from support.sessions.deciding import FLOOR, WALL, carry_out, created, events, refused, segment, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, asked, name, of, stand


def test_what_is_received_has_a_number_and_a_moment_and_is_shown_to_the_staff_alone() -> None:
    state = speaking()
    received, stands = events(state, ask("a", " Why? ", name=" Ana ", age=3_000), actor=SOMEBODY, wall=WALL + 10_000)
    assert received == qe.InterventionReceived(
        intervention=name("a"),
        number=1,
        kind=InterventionKind.QUESTION,
        text="Why?",
        language="en",
        name="Ana",
        origin="remote",
        asker="by-a",
        t=7_000,
    )
    assert stands == qe.InterventionStatusChanged(
        intervention=name("a"), number=1, status=InterventionStatus.CHECKED, t=7_000
    )
    assert (received.lane(), stands.lane()) == ("staff", "questions")
    flagged = events(state, ask("a", flags=("blocked-word",)), actor=SOMEBODY)[1]
    assert flagged == qe.InterventionFlagged(intervention=name("a"), flags=("blocked-word",))
    assert flagged.lane() == "staff"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (ask("A b"), RefusalCode.INVALID),
        (ask("a", language="EN us"), RefusalCode.INVALID),
        (ask("a", asker="a b"), RefusalCode.INVALID),
        (ask("a", " "), RefusalCode.INVALID),
        (ask("a", "x" * (MAX_TEXT + 1)), RefusalCode.INVALID),
        (ask("a", name="x" * (MAX_NAME + 1)), RefusalCode.INVALID),
        (ask("a", age=-1), RefusalCode.INVALID),
        (ask("a", origin="elsewhere"), RefusalCode.INVALID),
        (ask("a", origin="hub:"), RefusalCode.INVALID),
    ],
)
def test_what_is_no_question_is_refused(command: do.Ask, code: RefusalCode) -> None:
    assert refused(speaking(), command, actor=SOMEBODY).code is code


def test_a_person_has_one_open_request_to_speak_and_some_questions() -> None:
    request = ask("r", "", kind=InterventionKind.REQUEST, asker="ana")
    state = carry_out(speaking(), request, ask("q", asker="ana"), actor=SOMEBODY)
    assert refused(state, ask("a", "", kind=InterventionKind.REQUEST, asker="ana")).code is RefusalCode.CONFLICT
    assert refused(state, request).code is RefusalCode.CONFLICT
    state = carry_out(state, stand(InterventionStatus.WITHDRAWN, "r"), actor=SOMEBODY)
    state = carry_out(state, ask("again", "", kind=InterventionKind.REQUEST, asker="ana"), actor=SOMEBODY)
    state = carry_out(state, *(ask(f"q{n}", asker="ana") for n in range(MOST_OPEN - 2)), actor=SOMEBODY)
    assert refused(state, ask("more", asker="ana")).code is RefusalCode.CONFLICT


def test_after_the_close_only_what_was_asked_before_it_is_taken() -> None:
    state = carry_out(speaking(), do.CloseSession(), wall=WALL + 60_000)
    late = events(state, ask("a", age=5_000), wall=WALL + 62_000)[0]
    assert isinstance(late, qe.InterventionReceived)
    assert (late.after_close, late.t) == (True, 57_000)
    wish = ask("r", "", kind=InterventionKind.REQUEST, age=5_000)
    after = carry_out(state, ask("a", age=5_000), wish, actor=SOMEBODY, wall=WALL + 62_000)
    assert [of(after, what).status for what in "ar"] == [InterventionStatus.TO_WRITE, InterventionStatus.CLOSED]
    assert not of(after, "a").published, "nobody has read it yet"
    refused(after, stand(InterventionStatus.LATER, "a"), actor=SOMEBODY)
    assert (
        of(carry_out(after, stand(InterventionStatus.WITHDRAWN, "a"), actor=SOMEBODY), "a").status
        is InterventionStatus.WITHDRAWN
    )
    answer = do.WriteAnswer(intervention=name("a"), text="Because.", language="en")
    assert of(carry_out(after, answer, actor=MODERATOR), "a").published
    assert refused(state, ask("a", age=1_000), wall=WALL + 62_000).code is RefusalCode.CONFLICT
    opened = carry_out(state, do.ReopenSession())
    assert opened.closed_at is None
    early = carry_out(created(), ask("early"))
    assert (early.questions.last, of(early, "early").t) == (1, 0), "one may ask before it begins"


def test_it_is_public_from_its_approval_on_as_it_was_mended() -> None:
    state = asked()
    (reworded,) = events(state, do.Reword(intervention=name("a"), text="Why now?"), actor=MODERATOR)
    assert reworded == qe.InterventionReworded(intervention=name("a"), text="Why now?")
    state = carry_out(state, do.Reword(intervention=name("a"), text="Why now?"), actor=MODERATOR)
    published, stands = events(state, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    assert isinstance(published, qe.InterventionPublished)
    assert (published.text, published.number, published.lane()) == ("Why now?", 1, "questions")
    assert isinstance(stands, qe.InterventionStatusChanged)
    state = carry_out(state, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    assert (of(state, "a").received, of(state, "a").text, of(state, "a").published) == ("Why?", "Why now?", True)
    again = events(state, do.Reword(intervention=name("a"), text="Why, now?"), actor=MODERATOR)
    assert [type(event) for event in again] == [qe.InterventionReworded, qe.InterventionPublished]
    held = events(state, stand(InterventionStatus.CHECKED, "a"), actor=MODERATOR)
    assert [type(event) for event in held] == [qe.InterventionStatusChanged]
    for text in ("Why now?", "", "x" * (MAX_TEXT + 1)):
        refused(state, do.Reword(intervention=name("a"), text=text), actor=MODERATOR)
    assert refused(state, do.Reword(intervention=name("x"), text="?")).code is RefusalCode.UNKNOWN


def test_a_rude_name_is_mended_or_taken_off_and_stays_as_it_was_given_for_the_staff() -> None:
    state = carry_out(asked(), ask("d", "Who?", name="Rude"), stand(InterventionStatus.QUEUED, "d"), actor=MODERATOR)
    mend = do.Reword(intervention=name("d"), text="Who?", name=" ")
    reworded, published = events(state, mend, actor=MODERATOR)
    assert reworded == qe.InterventionReworded(intervention=name("d"), text="Who?", name="")
    assert isinstance(published, qe.InterventionPublished)
    assert published.name == ""
    state = carry_out(state, mend, actor=MODERATOR)
    assert (of(state, "d").name, of(state, "d").given) == ("", "Rude")
    refused(state, mend, actor=MODERATOR)
    long = do.Reword(intervention=name("d"), text="Who?", name="x" * (MAX_NAME + 1))
    assert refused(state, long, actor=MODERATOR).code is RefusalCode.INVALID
    state = carry_out(state, do.Reword(intervention=name("d"), text="Who pays?"), actor=MODERATOR)
    assert (of(state, "d").text, of(state, "d").name) == ("Who pays?", ""), "a name that isn't told stays"


def test_what_is_not_taken_says_why_and_nobody_reads_what_it_said() -> None:
    state = asked()
    assert refused(state, stand(InterventionStatus.DECLINED, "a")).code is RefusalCode.INVALID
    assert (
        refused(state, stand(InterventionStatus.DECLINED, "a", reason="x" * (MAX_REASON + 1))).code
        is RefusalCode.INVALID
    )
    done = events(state, stand(InterventionStatus.DECLINED, "a", "b", reason="It was answered."), actor=MODERATOR)
    assert [event.lane() for event in done] == ["questions", "staff", "questions", "staff", "hub:nairobi"]
    assert [event.reason for event in done if isinstance(event, qe.InterventionStatusChanged)] == ["", ""]
    assert {event.reason for event in done if isinstance(event, qe.InterventionDeclined)} == {"It was answered."}
    state = carry_out(state, stand(InterventionStatus.DECLINED, "a", reason="It was answered."), actor=MODERATOR)
    assert refused(state, stand(InterventionStatus.DECLINED, "a", reason="No.")).code is RefusalCode.STALE
    state = carry_out(state, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    assert (of(state, "a").status, of(state, "a").reason) == (InterventionStatus.QUEUED, "")


def test_a_hub_is_told_why_what_was_asked_there_is_not_taken_in_a_lane_of_its_own() -> None:
    state = carry_out(asked(), ask("h", origin="hub:north.kisumu"))
    done = events(state, stand(InterventionStatus.DECLINED, "h", reason="It was answered."), actor=MODERATOR)
    told = he.HubDeclined(hub="north.kisumu", intervention=name("h"), reason="It was answered.")
    assert [event.lane() for event in done] == ["questions", "staff", "hub:north.kisumu"]
    assert done[2] == told
    for order in (done, done[::-1]):  # A hub's own lane comes beside the others, earlier or later than they do.
        after = state
        for event in order:
            after = evolve(after, event)
        assert (of(after, "h").status, of(after, "h").reason) == (InterventionStatus.DECLINED, "It was answered.")


def test_a_log_of_an_earlier_release_has_the_reason_where_it_says_that_something_is_not_taken() -> None:
    old = qe.InterventionStatusChanged(
        intervention=name("a"), number=1, status=InterventionStatus.DECLINED, t=9, reason="No time."
    )
    state = evolve(asked(), old)
    assert of(state, "a").reason == "No time."
    assert (
        of(evolve(state, msgspec.structs.replace(old, status=InterventionStatus.QUEUED, reason="")), "a").reason == ""
    )


def test_one_has_its_turn_at_a_time_and_what_was_called_before_goes_back() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a", "b", "c"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.CALLED, "a"), actor=MODERATOR, wall=WALL + 5_000)
    assert (state.questions.called, [turn.intervention for turn in state.questions.turns]) == ("a", ["a"])
    state = carry_out(state, stand(InterventionStatus.CALLED, "c"), actor=MODERATOR, wall=WALL + 9_000)
    assert of(state, "a").status is InterventionStatus.QUEUED
    assert (state.questions.called, [turn.intervention for turn in state.questions.turns]) == ("c", ["c"])
    assert refused(state, stand(InterventionStatus.CALLED, "a", "b")).code is RefusalCode.CONFLICT
    answered = stand(InterventionStatus.ANSWERED, "c", segment=SegmentId("a"))
    state = carry_out(state, answered, actor=MODERATOR, wall=WALL + 20_000)
    assert (state.questions.called, of(state, "c").segment, of(state, "c").since) == (None, "a", 20_000)
    assert (
        refused(state, stand(InterventionStatus.ANSWERED, "b", segment=SegmentId("none"))).code is RefusalCode.UNKNOWN
    )
    assert refused(state, stand(InterventionStatus.LATER, "b", segment=segment("a"))).code is RefusalCode.UNKNOWN
    again = carry_out(state, stand(InterventionStatus.CALLED, "c"), actor=MODERATOR, wall=WALL + 25_000)
    assert [(turn.intervention, turn.t) for turn in again.questions.turns] == [("c", 9_000)], "its end was undone"
    state = carry_out(state, stand(InterventionStatus.CALLED, "a"), actor=MODERATOR, wall=WALL + 30_000)
    assert refused(state, stand(InterventionStatus.CALLED, "c")).code is RefusalCode.CONFLICT, "it is out of the queue"


def test_whoever_is_called_to_speak_is_named_in_the_text() -> None:
    state = carry_out(speaking(), ask("r", "", kind=InterventionKind.REQUEST, name="Ana"), actor=SOMEBODY)
    state = carry_out(state, stand(InterventionStatus.QUEUED, "r"), actor=MODERATOR)
    *_, introduced, took = events(state, stand(InterventionStatus.CALLED, "r"), actor=MODERATOR)
    assert introduced == ev.SpeakerIntroduced(speaker=segment("i1"), name="Ana")  # type: ignore[arg-type]
    assert isinstance(took, ev.SpeakerChanged)
    assert (took.channel, took.speaker) == (FLOOR, "i1")
    state = carry_out(
        state, stand(InterventionStatus.CALLED, "r"), stand(InterventionStatus.QUEUED, "r"), actor=MODERATOR
    )
    assert state.questions.turns == ()
    assert [type(event) for event in events(state, stand(InterventionStatus.CALLED, "r"))][1:] == [ev.SpeakerChanged]
    nowhere = msgspec.structs.replace(state, channels={})
    assert [type(event) for event in events(nowhere, stand(InterventionStatus.CALLED, "r"))] == [
        qe.InterventionStatusChanged
    ]


def test_joining_leads_to_one_that_goes_on_and_never_in_a_circle() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a", "b"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.JOINED, "c", into=name("a")), actor=MODERATOR)
    assert (of(state, "c").status, of(state, "c").into, of(state, "c").published) == (
        InterventionStatus.JOINED,
        "a",
        False,
    )
    for wrong, code in (
        (stand(InterventionStatus.JOINED, "b", into=name("c")), RefusalCode.CONFLICT),
        (stand(InterventionStatus.JOINED, "b", into=name("b")), RefusalCode.CONFLICT),
        (stand(InterventionStatus.JOINED, "a", into=name("b")), RefusalCode.CONFLICT),
        (stand(InterventionStatus.JOINED, "b", into=name("x")), RefusalCode.UNKNOWN),
        (stand(InterventionStatus.JOINED, "b"), RefusalCode.UNKNOWN),
    ):
        assert refused(state, wrong, actor=MODERATOR).code is code
    state = carry_out(state, stand(InterventionStatus.QUEUED, "c"), actor=MODERATOR)
    assert of(state, "c").into is None


def test_its_author_may_take_it_back_and_do_nothing_else() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    assert refused(state, stand(InterventionStatus.CALLED, "a"), actor=SOMEBODY).code is RefusalCode.FORBIDDEN
    state = carry_out(state, stand(InterventionStatus.WITHDRAWN, "a"), actor=SOMEBODY)
    assert refused(state, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR).code is RefusalCode.CONFLICT
    refused(state, do.WriteAnswer(intervention=name("a"), text="Because.", language="en"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.ANSWERED, "b"), actor=MODERATOR)
    assert refused(state, stand(InterventionStatus.WITHDRAWN, "b"), actor=SOMEBODY).code is RefusalCode.CONFLICT
    allowed = {role for role in Role if may_send(role, ask("a"))}
    assert allowed == {
        Role.TECHNICIAN, Role.CHAIR, Role.MODERATOR, Role.SECRETARIAT, Role.PARTICIPANT,
    }  # fmt: skip


def test_its_author_may_ask_it_after_all_within_the_limits_while_the_meeting_is_not_over() -> None:
    state = carry_out(speaking(), ask("r", "", kind=InterventionKind.REQUEST, asker="ana"), actor=SOMEBODY)
    state = carry_out(state, stand(InterventionStatus.WITHDRAWN, "r"), actor=SOMEBODY)
    assert refused(state, stand(InterventionStatus.CHECKED, "r"), actor=MODERATOR).code is RefusalCode.CONFLICT
    again = carry_out(state, stand(InterventionStatus.CHECKED, "r"), actor=SOMEBODY)
    assert (of(again, "r").status, of(again, "r").own) == (InterventionStatus.CHECKED, True)
    other = carry_out(state, ask("other", "", kind=InterventionKind.REQUEST, asker="ana"), actor=SOMEBODY)
    assert refused(other, stand(InterventionStatus.CHECKED, "r"), actor=SOMEBODY).code is RefusalCode.CONFLICT
    state = carry_out(state, ask("q"), stand(InterventionStatus.QUEUED, "q"), actor=MODERATOR)
    over = carry_out(state, do.CloseSession())
    for act in (stand(InterventionStatus.CHECKED, "r"), stand(InterventionStatus.LATER, "q")):
        assert refused(over, act, actor=SOMEBODY).code is RefusalCode.CONFLICT
    assert (
        of(carry_out(over, stand(InterventionStatus.WITHDRAWN, "q"), actor=SOMEBODY), "q").status
        is InterventionStatus.WITHDRAWN
    )


def test_what_was_joined_with_one_that_its_author_takes_back_goes_on_in_its_place() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.JOINED, "b", "c", into=name("a")), actor=MODERATOR)
    queued = carry_out(state, stand(InterventionStatus.WITHDRAWN, "a"), actor=SOMEBODY)
    assert [of(queued, what).status for what in "abc"] == [
        InterventionStatus.WITHDRAWN,
        InterventionStatus.CHECKED,
        InterventionStatus.JOINED,
    ]
    assert (of(queued, "b").into, of(queued, "c").into) == (None, name("b"))
    assert not of(queued, "b").published, "nobody has approved what it says"
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a", "b", "c"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.JOINED, "b", "c", into=name("a")), actor=MODERATOR)
    queued = carry_out(state, stand(InterventionStatus.WITHDRAWN, "a"), actor=SOMEBODY)
    assert (of(queued, "b").status, of(queued, "b").published) == (InterventionStatus.QUEUED, True)
    called = carry_out(state, stand(InterventionStatus.CALLED, "a"), actor=MODERATOR)
    called = carry_out(called, stand(InterventionStatus.WITHDRAWN, "a"), actor=SOMEBODY)
    assert (of(called, "b").status, called.questions.called) == (InterventionStatus.QUEUED, None)


def test_it_is_answered_in_writing_and_the_answer_may_be_mended() -> None:
    state = carry_out(asked(), stand(InterventionStatus.TO_WRITE, "a"), actor=MODERATOR)
    assert refused(state, stand(InterventionStatus.WRITTEN, "a")).code is RefusalCode.INVALID
    answer = do.WriteAnswer(intervention=name("a"), text=" Because. ", language="en")
    written, stands = events(state, answer, actor=MODERATOR)
    assert written == qe.InterventionWritten(intervention=name("a"), number=1, text="Because.", language="en")
    assert isinstance(stands, qe.InterventionStatusChanged)
    state = carry_out(state, answer, actor=MODERATOR)
    found = of(state, "a")
    assert (found.status, found.answer, found.answer_language) == (InterventionStatus.WRITTEN, "Because.", "en")
    mended = msgspec.structs.replace(answer, text="Because so.")
    assert [type(event) for event in events(state, mended)] == [qe.InterventionWritten]
    first = events(state, msgspec.structs.replace(answer, intervention=name("b")))
    assert [type(event) for event in first] == [
        qe.InterventionPublished,
        qe.InterventionWritten,
        qe.InterventionStatusChanged,
    ]
    for wrong in ({"text": "x" * (MAX_ANSWER + 1)}, {"text": ""}, {"language": "?"}):
        assert refused(state, msgspec.structs.replace(answer, **wrong)).code is RefusalCode.INVALID


def test_the_chair_may_put_the_queue_in_another_order_and_say_by_which_rule_it_goes() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a", "b"), actor=MODERATOR)
    state = carry_out(state, do.ArrangeQueue(first=(name("b"), name("a"))), actor=MODERATOR)
    assert state.questions.arranged == ("b", "a")
    assert refused(state, do.ArrangeQueue(first=(name("b"), name("a")))).code is RefusalCode.CONFLICT
    for wrong in ((name("a"), name("a")), (name("c"),)):
        assert refused(state, do.ArrangeQueue(first=wrong)).code is RefusalCode.STALE
    state = carry_out(state, stand(InterventionStatus.LATER, "b"), actor=MODERATOR)
    assert state.questions.arranged == ("a",)
    assert refused(state, do.OrderQueue(order=QueueOrder.ARRIVAL)).code is RefusalCode.CONFLICT
    assert carry_out(state, do.OrderQueue(order=QueueOrder.SUPPORT)).questions.order is QueueOrder.SUPPORT


def test_supports_are_counted_by_the_server_in_whole_numbers() -> None:
    state = asked()
    (counted,) = events(state, do.CountSupport(counts={name("a"): 3, name("b"): 0}))
    assert counted == qe.SupportCounted(counts={name("a"): 3})
    state = carry_out(state, do.CountSupport(counts={name("a"): 3}))
    assert of(state, "a").support == 3
    assert refused(state, do.CountSupport(counts={name("a"): 3})).code is RefusalCode.CONFLICT
    for wrong in ({name("x"): 1}, {name("a"): -1}):
        assert refused(state, do.CountSupport(counts=wrong)).code is RefusalCode.UNKNOWN
    assert {role for role in Role if may_send(role, do.CountSupport(counts={}))} == {SYSTEM.role}


def test_selections_name_each_once_and_only_so_many() -> None:
    state = asked()
    many = tuple(f"q{n}" for n in range(MOST_AT_ONCE + 1))
    for wrong, code in (
        (stand(InterventionStatus.QUEUED), RefusalCode.INVALID),
        (stand(InterventionStatus.QUEUED, "a", "a"), RefusalCode.INVALID),
        (stand(InterventionStatus.QUEUED, *many), RefusalCode.INVALID),
        (stand(InterventionStatus.QUEUED, "a", "x"), RefusalCode.UNKNOWN),
    ):
        assert refused(state, wrong, actor=MODERATOR).code is code


def test_a_flag_is_set_and_taken_away_and_takes_nothing_with_it() -> None:
    state = carry_out(asked(), do.Flag(intervention=name("a"), flags=("abuse",)), actor=MODERATOR)
    assert of(state, "a").flags == ("abuse",)
    assert of(carry_out(state, do.Flag(intervention=name("a"), flags=())), "a").flags == ()


def test_none_gets_words_again_whose_words_were_removed() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    for event in stays_of(of(state, "b")):
        state = evolve(state, event)
    for command in (
        do.Reword(intervention=name("b"), text="Who?"),
        do.WriteAnswer(intervention=name("b"), text="Because.", language="en"),
    ):
        assert refused(state, command, actor=MODERATOR).code is RefusalCode.CONFLICT
    published, _ = events(state, stand(InterventionStatus.QUEUED, "b"), actor=MODERATOR)
    assert isinstance(published, qe.InterventionPublished)
    assert (published.text, published.name, published.removed) == ("", "", True)


def test_an_author_puts_off_and_comes_back_and_the_turn_was_none() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a", "b"), actor=MODERATOR)
    (put_off,) = events(state, stand(InterventionStatus.LATER, "a"), actor=SOMEBODY)
    assert put_off == qe.InterventionStatusChanged(
        intervention=name("a"), number=1, status=InterventionStatus.LATER, t=0, own=True
    )
    state = carry_out(state, stand(InterventionStatus.LATER, "a"), actor=SOMEBODY)
    assert of(state, "a").own
    state = carry_out(state, stand(InterventionStatus.QUEUED, "a"), actor=SOMEBODY)
    assert (of(state, "a").status, of(state, "a").own) == (InterventionStatus.QUEUED, True)
    state = carry_out(state, stand(InterventionStatus.CALLED, "a"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.LATER, "a"), actor=SOMEBODY)
    assert (state.questions.called, state.questions.turns) == (None, ())
    state = carry_out(
        state, stand(InterventionStatus.CALLED, "a"), stand(InterventionStatus.LATER, "a"), actor=MODERATOR
    )
    assert [turn.intervention for turn in state.questions.turns] == ["a"], "the staff ended a turn"


def test_an_author_comes_back_only_with_what_nobody_else_has_put_off() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    for status in (
        InterventionStatus.CHECKED,
        InterventionStatus.CALLED,
        InterventionStatus.ANSWERED,
        InterventionStatus.CLOSED,
        InterventionStatus.QUEUED,
    ):
        assert refused(state, stand(status, "a"), actor=SOMEBODY).code is RefusalCode.FORBIDDEN
    assert refused(state, stand(InterventionStatus.LATER, "b"), actor=SOMEBODY).code is RefusalCode.FORBIDDEN
    state = carry_out(state, stand(InterventionStatus.LATER, "a"), actor=MODERATOR)
    assert refused(state, stand(InterventionStatus.QUEUED, "a"), actor=SOMEBODY).code is RefusalCode.FORBIDDEN
    state = carry_out(state, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.LATER, "a"), actor=SOMEBODY)
    state = carry_out(state, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    assert not of(state, "a").own


def test_a_turn_that_was_under_way_at_the_close_ended_with_it() -> None:
    state = carry_out(
        asked(), stand(InterventionStatus.QUEUED, "a", "b"), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR
    )
    state = carry_out(state, do.CloseSession(), actor=MODERATOR, wall=WALL + 60_000)
    day = WALL + 86_400_000
    for command in (
        stand(InterventionStatus.ANSWERED, "a"),
        do.WriteAnswer(intervention=name("a"), text="Because.", language="en"),
    ):
        after = carry_out(state, command, actor=MODERATOR, wall=day)
        assert [turn.spoken for turn in after.questions.turns] == [60_000]
    assert (
        of(carry_out(state, stand(InterventionStatus.TO_WRITE, "b"), actor=MODERATOR, wall=day), "b").since
        == 86_400_000
    )


def test_a_turn_whose_end_was_removed_takes_nothing_of_the_next_one() -> None:
    state = carry_out(
        asked(), stand(InterventionStatus.QUEUED, "a", "b"), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR
    )
    state = carry_out(state, stand(InterventionStatus.CALLED, "b"), actor=MODERATOR, wall=WALL + 60_000)
    taken = qe.InterventionStatusChanged(intervention=name("a"), number=1, status=InterventionStatus.DECLINED, t=10_000)
    state = evolve(
        msgspec.structs.replace(state, questions=state.questions.with_(name("a"), status=InterventionStatus.CALLED)),
        taken,
    )
    assert (state.questions.called, [turn.spoken for turn in state.questions.turns]) == ("b", [0])


@pytest.mark.parametrize(
    "over",
    [
        stand(InterventionStatus.ANSWERED, "r"),
        stand(InterventionStatus.LATER, "r"),
        stand(InterventionStatus.CALLED, "a"),
        do.WriteAnswer(intervention=name("r"), text="Because.", language="en"),
    ],
)
def test_whose_turn_is_over_is_not_named_at_what_is_said_then(over: do.AnyCommand) -> None:
    wish = ask("r", "", kind=InterventionKind.REQUEST, name="Eva")
    state = carry_out(
        asked(),
        wish,
        stand(InterventionStatus.QUEUED, "r", "a"),
        stand(InterventionStatus.CALLED, "r"),
        actor=MODERATOR,
    )
    assert state.channels[FLOOR].speaker == speaker_of(of(state, "r"))
    after = carry_out(state, over, actor=MODERATOR)
    assert after.channels[FLOOR].speaker is None
    others = carry_out(
        state,
        do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana"),
        do.SetSpeaker(channel=FLOOR, speaker=SpeakerId("ana")),
        over,
        actor=SYSTEM,
    )
    assert others.channels[FLOOR].speaker == "ana", "somebody else was given the floor meanwhile"


def test_who_has_the_floor_already_is_not_given_it_again_with_the_call() -> None:
    wish = ask("r", "", kind=InterventionKind.REQUEST, name="Eva")
    state = carry_out(
        asked(), wish, stand(InterventionStatus.QUEUED, "r"), stand(InterventionStatus.CALLED, "r"), actor=MODERATOR
    )
    state = carry_out(state, stand(InterventionStatus.ANSWERED, "r"), actor=MODERATOR)
    state = carry_out(state, do.SetSpeaker(channel=FLOOR, speaker=speaker_of(of(state, "r"))), actor=SYSTEM)
    again = events(state, stand(InterventionStatus.CALLED, "r"), actor=MODERATOR)
    assert [type(event) for event in again] == [qe.InterventionStatusChanged]


def test_who_may_ask_is_limited_and_that_is_undone() -> None:
    assert refused(asked(), do.LimitAsking(known=False), actor=MODERATOR).code is RefusalCode.CONFLICT
    limited = events(asked(), do.LimitAsking(known=True), actor=MODERATOR)
    assert limited == [qe.AskingLimited(known=True)]
    state = carry_out(asked(), do.LimitAsking(known=True), actor=MODERATOR)
    assert state.questions.known_only
    reading = read_act(asked(), limited)
    assert (reading.commands, reading.undoing) == ((do.LimitAsking(known=True),), (do.LimitAsking(known=False),))


def report(what: str) -> do.ReportAbuse:
    return do.ReportAbuse(intervention=name(what))


def test_readers_report_what_they_can_read_and_it_stays_where_it_was() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    told = events(state, report("a"), actor=SOMEBODY)
    assert told == [qe.InterventionFlagged(intervention=name("a"), flags=("reported",))]
    assert told[0].lane() == "staff"
    after = carry_out(state, report("a"), actor=SOMEBODY)
    assert of(after, "a").status is InterventionStatus.QUEUED
    assert of(after, "a").published
    assert refused(after, report("a"), actor=SOMEBODY).code is RefusalCode.CONFLICT


def test_nobody_reports_what_nobody_may_read() -> None:
    assert refused(asked(), report("a"), actor=SOMEBODY).code is RefusalCode.UNKNOWN
    assert refused(asked(), report("none"), actor=SOMEBODY).code is RefusalCode.UNKNOWN
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    was = of(state, "a")
    removed = qe.InterventionRemoved(
        intervention=was.id, number=1, kind=was.kind, language=was.language, origin=was.origin, asker=was.asker, t=was.t
    )
    gone = evolve(state, removed)
    assert gone.questions.numbered(1) == of(gone, "a")
    assert refused(gone, report("a"), actor=SOMEBODY).code is RefusalCode.UNKNOWN


def test_a_report_stands_beside_other_flags() -> None:
    state = carry_out(asked(), ask("d", flags=("blocked-word",)), actor=SOMEBODY)
    state = carry_out(state, stand(InterventionStatus.QUEUED, "d"), actor=MODERATOR)
    assert of(carry_out(state, report("d"), actor=SOMEBODY), "d").flags == ("blocked-word", "reported")


def test_flags_are_few_short_names_and_change_something() -> None:
    def flag(*flags: str) -> do.Flag:
        return do.Flag(intervention=name("a"), flags=flags)

    assert events(asked(), flag("abuse", "abuse"), actor=MODERATOR) == [
        qe.InterventionFlagged(intervention=name("a"), flags=("abuse",))
    ]
    assert refused(asked(), flag(), actor=MODERATOR).code is RefusalCode.CONFLICT
    assert refused(asked(), flag("Not a name"), actor=MODERATOR).code is RefusalCode.INVALID
    many = [f"f{n}" for n in range(MOST_FLAGS + 1)]
    assert refused(asked(), flag(*many), actor=MODERATOR).code is RefusalCode.INVALID
    assert len(events(asked(), flag(*many[1:]), actor=MODERATOR)) == 1
    # What readers said beside so many is undone to as well.
    assert len(events(asked(), flag(*many[1:], REPORTED), actor=MODERATOR)) == 1


def test_readers_report_and_the_staff_flags() -> None:
    assert [role for role in Role if do.ReportAbuse in COMMANDS[role]] == [Role.PARTICIPANT]
    assert do.Flag not in COMMANDS[Role.PARTICIPANT]


def test_a_question_stands_under_one_policy_question_at_most_for_the_staff_alone() -> None:
    pays, when = PolicyQuestionId("q1"), PolicyQuestionId("q2")
    listed = (PolicyQuestion(id=pays, text="Who pays?"), PolicyQuestion(id=when, text="When?"))
    state = carry_out(asked(), do.ListPolicyQuestions(questions=listed), actor=MODERATOR)

    def under(question: PolicyQuestionId | None, what: str = "a") -> do.TagIntervention:
        return do.TagIntervention(intervention=name(what), question=question)

    (told,) = events(state, under(pays), actor=MODERATOR)
    assert told == qe.InterventionTagged(intervention=name("a"), question=pays)
    assert told.lane() == "staff"
    state = carry_out(state, under(pays), under(when), actor=MODERATOR)
    assert of(state, "a").under == when
    assert refused(state, under(when), actor=MODERATOR).code is RefusalCode.CONFLICT
    assert refused(state, under(None, "b"), actor=MODERATOR).code is RefusalCode.CONFLICT
    assert refused(state, under(PolicyQuestionId("q9")), actor=MODERATOR).code is RefusalCode.UNKNOWN
    assert refused(state, under(pays, "none"), actor=MODERATOR).code is RefusalCode.UNKNOWN
    assert of(carry_out(state, under(None), actor=MODERATOR), "a").under is None
    # What everybody may know of it says nothing of that.
    published = events(state, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    assert "q2" not in msgspec.json.encode(published).decode()
    marking = {role for role in Role if do.TagSegment in COMMANDS[role]}
    assert {role for role in Role if do.TagIntervention in COMMANDS[role]} == marking


def test_a_name_that_is_mended_is_mended_in_the_text_as_well() -> None:
    wish = ask("r", "", kind=InterventionKind.REQUEST, name="Rude")
    state = carry_out(
        asked(), wish, stand(InterventionStatus.QUEUED, "r"), stand(InterventionStatus.CALLED, "r"), actor=MODERATOR
    )
    speaker = speaker_of(of(state, "r"))
    off = do.Reword(intervention=name("r"), text="", name="")
    assert events(state, off, actor=MODERATOR)[-1] == ev.SpeakerIntroduced(speaker=speaker, name="No. 4")
    state = carry_out(state, off, actor=MODERATOR)
    assert (state.speakers[speaker], state.channels[FLOOR].speaker) == ("No. 4", speaker)


def test_a_name_that_was_mended_in_the_text_by_itself_stays_there() -> None:
    wish = ask("r", "", kind=InterventionKind.REQUEST, name="Anna")
    state = carry_out(
        asked(), wish, stand(InterventionStatus.QUEUED, "r"), stand(InterventionStatus.CALLED, "r"), actor=MODERATOR
    )
    speaker = speaker_of(of(state, "r"))
    state = carry_out(state, do.IntroduceSpeaker(speaker=speaker, name="Ana Lima"))
    state = carry_out(state, do.Reword(intervention=name("r"), text="", name="Ana"), actor=MODERATOR)
    assert state.speakers[speaker] == "Ana Lima"


def test_whoever_was_named_nowhere_is_not_named_by_that() -> None:
    state = carry_out(asked(), do.Reword(intervention=name("a"), text="Why?", name="Ana"), actor=MODERATOR)
    assert state.speakers == asked().speakers
