from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId
from moothall.core.questions.interventions import speaker_of
from moothall.core.removal.questions import stays_of
from moothall.core.rules.turn_times import HOLD_MS, LONGER_MS, TIMES_TYPED, has_typed, may_type, name_of, turn_now
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import ENGINE, FLOOR, WALL, carry_out, commit, end, segment, word
from support.sessions.questions import MODERATOR, ask, asked, name, of, stand

AUTHOR = Actor(Role.PARTICIPANT, "a")
BEGINS = do.TypeTurn(intervention=name("a"))
PT = ChannelId("pt")


def called(kind: InterventionKind = InterventionKind.QUESTION) -> State:
    """A question that was called 10 s after the session's clock was mapped."""
    state = carry_out(asked(), ask("r", "", kind=InterventionKind.REQUEST, name="Bo"), actor=MODERATOR)
    one = "a" if kind is InterventionKind.QUESTION else "r"
    state = carry_out(state, stand(InterventionStatus.QUEUED, one), actor=MODERATOR)
    return carry_out(state, stand(InterventionStatus.CALLED, one), actor=MODERATOR, wall=WALL + 10_000)


def has_begun(state: State) -> bool:
    now = turn_now(state)
    assert now is not None
    return now.begin is None


def test_nobody_has_a_turn_before_somebody_is_called() -> None:
    assert turn_now(asked()) is None
    assert not has_typed(asked().questions)


def test_a_turn_is_held_and_may_take_the_usual_time() -> None:
    now = turn_now(called())
    assert now is not None
    assert (now.since, now.typed, now.time, now.begin) == (10_000, False, 120_000, 10_000 + HOLD_MS)


def test_whoever_types_has_begun_and_has_three_times_as_long() -> None:
    state = carry_out(called(), BEGINS, actor=AUTHOR, wall=WALL + 12_000)
    now = turn_now(state)
    assert now is not None
    assert (now.typed, now.time, now.begin) == (True, TIMES_TYPED * 120_000, None)
    assert has_typed(state.questions)
    state = carry_out(state, do.LimitTurns(ms=60_000), actor=MODERATOR)
    assert (turn_now(state) or now).time == TIMES_TYPED * 60_000
    state = carry_out(state, do.LimitTurns(ms=0), actor=MODERATOR)
    assert (turn_now(state) or now).time == 0


def test_while_it_is_held_for_its_author_nothing_of_its_time_goes_by() -> None:
    held = carry_out(called(), do.HoldTurn(intervention=name("a")), actor=AUTHOR, wall=WALL + 40_000)
    now = turn_now(held)
    assert now is not None
    assert (now.longer, now.time) == (True, 120_000 + LONGER_MS)
    typed = turn_now(carry_out(held, BEGINS, actor=AUTHOR, wall=WALL + 100_000))
    assert typed is not None
    assert (typed.begin, typed.time) == (None, TIMES_TYPED * 120_000 + 60_000)
    read = do.TypeSegment(channel=FLOOR, segment=segment("x"), text="She asks why.", language="en")
    for wall, more in ((WALL + 70_000, 30_000), (WALL + 900_000, LONGER_MS)):
        spoken = turn_now(carry_out(held, read, wall=wall))
        assert spoken is not None
        assert (spoken.begin, spoken.time) == (None, 120_000 + more)
    endless = turn_now(carry_out(held, do.LimitTurns(ms=0), actor=MODERATOR))
    assert endless is not None
    assert endless.time == 0


def test_the_next_turn_is_a_spoken_one_again() -> None:
    state = carry_out(called(), BEGINS, actor=AUTHOR)
    state = carry_out(
        state, stand(InterventionStatus.ANSWERED, "a"), stand(InterventionStatus.QUEUED, "b"), actor=MODERATOR
    )
    assert not has_typed(state.questions)
    state = carry_out(state, stand(InterventionStatus.CALLED, "b"), actor=MODERATOR)
    assert [turn.typed for turn in state.questions.turns] == [True, False]
    assert not has_typed(state.questions)


def test_a_question_has_begun_once_somebody_speaks_and_a_wish_to_speak_once_its_author_does() -> None:
    question = carry_out(called(), commit("b", 1, word(" So", 10_500, 10_900)), actor=ENGINE)
    assert not has_begun(question), "that line had begun before"
    read = do.TypeSegment(channel=FLOOR, segment=segment("x"), text="She asks why.", language="en")
    question = carry_out(called(), read, wall=WALL + 11_000)
    assert has_begun(question)
    wish = carry_out(
        called(InterventionKind.REQUEST), do.SetSpeaker(channel=FLOOR, speaker=None), read, wall=WALL + 11_000
    )
    assert not has_begun(wish)
    own = do.TypeSegment(
        channel=FLOOR, segment=segment("y"), text="I ask.", language="en", speaker=speaker_of(of(wish, "r"))
    )
    wish = carry_out(wish, own, wall=WALL + 12_000)
    assert has_begun(wish)


def test_lines_of_other_texts_and_struck_ones_begin_nothing() -> None:
    state = called()
    state = carry_out(state, do.AddChannel(channel=PT, kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)))
    line = do.TypeSegment(channel=PT, segment=segment("z"), text="Sim.", language="pt")
    state = carry_out(state, line, wall=WALL + 11_000)
    assert not has_begun(state)
    heard = commit("c", 0, word("So", 11_000, 11_400), start=11_000)
    state = carry_out(state, end("b", 10_500), heard, actor=ENGINE)
    assert has_begun(state)
    assert not has_begun(carry_out(state, do.RewindChannel(channel=FLOOR, t=10_500)))


def test_an_author_is_shown_under_the_chosen_name_or_the_number() -> None:
    state = asked()
    assert (name_of(of(state, "a")), name_of(of(state, "c"))) == ("No. 1", "Ana")
    assert speaker_of(of(state, "c")) == "i3"


def test_only_the_turn_that_is_under_way_is_typed() -> None:
    state = called()
    assert evolve(state, qe.TurnTyped(intervention=name("b"), number=2, t=1)) == state
    assert evolve(asked(), qe.TurnTyped(intervention=name("a"), number=1, t=1)).questions.turns == ()


def test_a_turn_goes_on_whose_words_were_removed() -> None:
    state = carry_out(called(), BEGINS, actor=AUTHOR)
    before = turn_now(state)
    for event in stays_of(of(state, "a")):
        state = evolve(state, event)
    assert turn_now(state) == before
    assert may_type(state, name("a"))
    assert (name_of(of(state, "a")), speaker_of(of(state, "a"))) == ("No. 1", "i1")
