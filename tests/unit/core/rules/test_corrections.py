from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId
from moothall.core.rules.corrections import MAX_REASON, MAX_TEXT, REVISED_WITHIN
from moothall.core.sessions.state import State
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    correct,
    end,
    events,
    line_of,
    refused,
    revise,
    segment,
    speaking,
)


def test_a_correction_leaves_the_words_behind_it() -> None:
    state = speaking()
    assert events(state, correct("a", 0, 2, "Good evening"), actor=CAPTIONER) == [
        le.SegmentCorrected(
            channel=FLOOR, segment=segment("a"), base_revision=0, base_words=2, text="Good evening", tail=" all."
        )
    ]
    state = carry_out(state, correct("a", 0, 2, "Good evening"), actor=CAPTIONER)
    now = state.segments.get(segment("a"))
    assert now is not None
    assert (now.whole, now.revision) == ("Good evening all.", 1)
    state = carry_out(state, correct("a", 1, 3, "Good evening, everybody."), actor=CAPTIONER)
    now = state.segments.get(segment("a"))
    assert now is not None
    assert (now.whole, now.revision) == ("Good evening, everybody.", 2)


def test_a_correction_of_an_older_state_comes_back_with_the_current_one() -> None:
    state = carry_out(speaking(), correct("a", 0, 2, "Good evening"), actor=CAPTIONER)
    now = state.segments.get(segment("a"))
    assert now is not None
    for command in (correct("a", 0, 3, "x"), correct("a", 1, 1, "x"), correct("a", 1, 4, "x")):
        refusal = refused(state, command, actor=CAPTIONER)
        assert refusal.code is RefusalCode.STALE
        assert refusal.segment == now.now()


def test_after_the_close_a_second_pass_may_correct_what_no_person_has_touched() -> None:
    once = carry_out(speaking(), correct("a", 0, 3, "Good mourning, all."), actor=ENGINE)
    assert refused(once, correct("a", 1, 3, "x"), actor=ENGINE).code is RefusalCode.STALE
    closed = carry_out(once, do.CloseSession())
    assert len(events(closed, correct("a", 1, 3, "Good morning, all."), actor=ENGINE)) == 1
    mended = carry_out(closed, correct("a", 1, 3, "Good morning."), actor=CAPTIONER)
    assert refused(mended, correct("a", 2, 3, "x"), actor=ENGINE).code is RefusalCode.STALE
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), language="en", text="By hand.")
    closed = carry_out(carry_out(speaking(), typed, actor=CAPTIONER), do.CloseSession())
    assert refused(closed, correct("t", 0, 0, "x"), actor=ENGINE).code is RefusalCode.STALE


def test_a_correction_needs_a_line_of_the_channel_and_a_sane_length() -> None:
    state = speaking()
    assert refused(state, correct("x", 0, 1, "y")).code is RefusalCode.UNKNOWN
    elsewhere = msgspec.structs.replace(correct("a", 0, 1, "y"), channel=ChannelId("pt"))
    assert refused(state, elsewhere).code is RefusalCode.UNKNOWN
    assert refused(state, correct("a", 0, 1, "y" * (MAX_TEXT + 1))).code is RefusalCode.INVALID


BETTER = revise("a", 3, "Good mourning, all.")


def test_an_engine_betters_the_line_that_it_has_just_ended() -> None:
    assert events(speaking(), BETTER, actor=ENGINE) == [
        le.SegmentCorrected(
            channel=FLOOR,
            segment=segment("a"),
            base_revision=0,
            base_words=3,
            text="Good mourning, all.",
            tail="",
            machine=True,
        )
    ]
    line = line_of(carry_out(speaking(), BETTER, actor=ENGINE), "a")
    assert (line.whole, line.revision, line.mended) == ("Good mourning, all.", 1, False)


def test_it_does_so_once_and_a_person_may_correct_it_after_that() -> None:
    state = carry_out(speaking(), BETTER, actor=ENGINE)
    again = refused(state, revise("a", 3, "Good morning, hall."), actor=ENGINE)
    assert (again.code, again.segment) == (RefusalCode.STALE, line_of(state, "a").now())
    mended = line_of(carry_out(state, correct("a", 1, 3, "Good morning, all."), actor=CAPTIONER), "a")
    assert (mended.whole, mended.revision, mended.mended) == ("Good morning, all.", 2, True)


def test_a_person_who_was_first_has_the_last_word() -> None:
    state = carry_out(speaking(), correct("a", 0, 3, "Good evening."), actor=CAPTIONER)
    refusal = refused(state, BETTER, actor=ENGINE)
    assert (refusal.code, refusal.segment) == (RefusalCode.STALE, line_of(state, "a").now())
    # Before the line's end, too.
    early = carry_out(speaking(), correct("b", 0, 1, "Hello"), actor=CAPTIONER)
    early = carry_out(early, end("b", 1500), actor=ENGINE)
    assert refused(early, revise("b", 1, "Welcome!"), actor=ENGINE).code is RefusalCode.STALE
    assert line_of(early, "b").whole == "Hello"


def test_who_corrects_what_the_engine_has_bettered_meanwhile_is_told_how_it_reads() -> None:
    state = carry_out(speaking(), BETTER, actor=ENGINE)
    refusal = refused(state, correct("a", 0, 3, "Good evening."), actor=CAPTIONER)
    assert refusal.code is RefusalCode.STALE
    assert refusal.segment is not None
    assert (refusal.segment.revision, refusal.segment.text) == (1, "Good mourning, all.")


def test_an_engine_has_eight_seconds_from_the_end_of_a_line() -> None:
    assert events(speaking(), BETTER, actor=ENGINE, wall=WALL + REVISED_WITHIN)
    late = refused(speaking(), BETTER, actor=ENGINE, wall=WALL + REVISED_WITHIN + 1)
    assert (late.code, late.message) == (RefusalCode.STALE, "The line ended too long ago: it has been read.")


@pytest.mark.parametrize("words", [0, 2, 4])
def test_it_replaces_all_words_of_a_line(words: int) -> None:
    refusal = refused(speaking(), revise("a", words, "x"), actor=ENGINE)
    assert (refusal.code, refusal.segment) == (RefusalCode.STALE, line_of(speaking(), "a").now())


def test_a_line_that_goes_on_is_not_bettered() -> None:
    assert refused(speaking(), revise("b", 1, "Hello"), actor=ENGINE).code is RefusalCode.STALE


def test_nor_is_one_that_somebody_typed() -> None:
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), language="en", text="By hand.")
    state = carry_out(speaking(), typed, actor=CAPTIONER)
    assert refused(state, revise("t", 0, "x"), actor=ENGINE).code is RefusalCode.STALE


def test_an_engine_that_lost_the_channel_betters_nothing() -> None:
    state = carry_out(speaking(), do.AttachEngine(channel=FLOOR, model="whisper-base"))
    refusal = refused(state, BETTER, actor=ENGINE)
    assert refusal.code is RefusalCode.STALE
    assert refusal.channel == state.channel_now(FLOOR)
    assert events(state, revise("a", 3, "Good mourning, all.", generation=2), actor=ENGINE)


def test_a_better_text_is_of_a_line_of_the_channel_and_says_something_else() -> None:
    state = speaking()
    for name, channel in (("x", FLOOR), ("a", ChannelId("pt"))):
        wrong = msgspec.structs.replace(revise(name, 3, "x"), channel=channel)
        assert refused(state, wrong, actor=ENGINE).code is RefusalCode.UNKNOWN
    pt = do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt",))
    elsewhere = msgspec.structs.replace(BETTER, channel=ChannelId("pt"))
    assert refused(carry_out(state, pt), elsewhere, actor=ENGINE).code is RefusalCode.UNKNOWN
    for text in ("", " ", "Good morning all.", "x" * (MAX_TEXT + 1)):
        assert refused(state, revise("a", 3, text), actor=ENGINE).code is RefusalCode.INVALID


def test_a_line_that_was_struck_stays_so() -> None:
    state = carry_out(speaking(), do.RewindChannel(channel=FLOOR, t=0))
    assert refused(state, BETTER, actor=ENGINE).code is RefusalCode.UNKNOWN


def test_nothing_is_bettered_after_the_close() -> None:
    closed = carry_out(speaking(), do.CloseSession())
    assert refused(closed, BETTER, actor=ENGINE).code is RefusalCode.CONFLICT
    assert events(carry_out(speaking(), do.PauseSession(), wall=WALL + 2_000), BETTER, actor=ENGINE)


def unrecorded(state: State, t0: int, t1: int | None) -> State:
    return msgspec.structs.replace(state, not_recorded=((t0, t1),))


@pytest.mark.parametrize(("t0", "t1"), [(5_000, None), (900, 1_100), (0, 1)])
def test_nothing_is_bettered_that_may_hold_words_which_are_not_recorded(t0: int, t1: int | None) -> None:
    assert refused(unrecorded(speaking(), t0, t1), BETTER, actor=ENGINE).code is RefusalCode.CONFLICT


def test_what_lies_beside_such_a_span_is() -> None:
    assert events(unrecorded(speaking(), 1_001, 1_100), BETTER, actor=ENGINE)


def test_a_correction_says_that_the_speaker_proposed_it_unless_a_machine_made_it() -> None:
    proposed = msgspec.structs.replace(correct("a", 0, 2, "Good evening"), proposed=True)
    (event,) = events(speaking(), proposed, actor=CAPTIONER)
    assert isinstance(event, le.SegmentCorrected)
    assert event.proposed is True
    (by_machine,) = events(speaking(), proposed, actor=ENGINE)
    assert isinstance(by_machine, le.SegmentCorrected)
    assert by_machine.proposed is msgspec.UNSET
    # A body without it has the bytes of earlier releases.
    assert b"proposed" not in msgspec.json.encode(by_machine)


def test_a_declined_proposal_becomes_public_in_the_line_for_which_it_was() -> None:
    speaker = Actor(Role.PARTICIPANT, "link")
    told = do.PublishDeclined(
        channel=FLOOR, segment=segment("a"), text="Good night.", reason="Not said.", by=Role.CAPTIONER, at=WALL
    )
    state = speaking()
    assert events(state, told, actor=speaker) == [
        le.ProposalDeclined(
            channel=FLOOR, segment=segment("a"), text="Good night.", reason="Not said.", by=Role.CAPTIONER, at=WALL
        )
    ]
    for wrong in ({"segment": segment("z")}, {"channel": ChannelId("pt")}):
        assert refused(state, msgspec.structs.replace(told, **wrong), actor=speaker).code is RefusalCode.UNKNOWN
    for long in ({"text": "x" * (MAX_TEXT + 1)}, {"reason": "x" * (MAX_REASON + 1)}):
        assert refused(state, msgspec.structs.replace(told, **long), actor=speaker).code is RefusalCode.INVALID
    young = msgspec.structs.replace(state, young_people=True)
    assert refused(young, told, actor=speaker).code is RefusalCode.FORBIDDEN
