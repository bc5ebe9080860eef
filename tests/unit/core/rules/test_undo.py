from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, NoteId, PolicyQuestionId, SessionId, SourceId, SpeakerId
from moothall.core.removal.moves import returned
from moothall.core.rules.undo import UndoReading, goes_with_wall, lines_meanwhile, other_on_air, read_act, still_fits
from moothall.core.sessions.state import State, Status, evolve
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    events,
    line_of,
    refused,
    segment,
    speaking,
    undoing_of,
    word,
)
from support.sessions.questions import MODERATOR, ask, asked, name, stand

TECHNICIAN = Actor(Role.TECHNICIAN, "t1")
ANA, BO = SpeakerId("ana"), SpeakerId("bo")
A, B = segment("a"), segment("b")


def hall() -> State:
    """`a` ended and Ana's, `b` open and nobody's, Bo speaks."""
    return carry_out(
        speaking(),
        do.IntroduceSpeaker(speaker=ANA, name="Ana"),
        do.IntroduceSpeaker(speaker=BO, name="Bo"),
        do.AssignSpeaker(segments=(A,), speaker=ANA),
        do.SetSpeaker(channel=FLOOR, speaker=BO),
        wall=WALL + 2000,
    )


def undone(state: State, *commands: do.AnyCommand) -> State:
    undoing = undoing_of(state, *commands)
    assert undoing
    return carry_out(carry_out(state, *commands, actor=CAPTIONER), *undoing, actor=CAPTIONER)


def test_a_correction_is_corrected_back_and_words_that_came_later_stay() -> None:
    first = carry_out(hall(), correct("b", 0, 1, "Well come"), actor=CAPTIONER)
    undoing = undoing_of(first, correct("b", 1, 1, "Bienvenue"))
    assert undoing == (correct("b", 2, 1, "Well come"),)
    later = carry_out(first, correct("b", 1, 1, "Bienvenue"), actor=CAPTIONER)
    later = carry_out(later, commit("b", 1, word(" all.", 1500, 1600)), actor=ENGINE)
    assert line_of(carry_out(later, *undoing, actor=CAPTIONER), "b").whole == "Well come all."


def test_to_undo_what_a_speaker_proposed_is_no_proposal_of_theirs() -> None:
    accepted = msgspec.structs.replace(correct("b", 0, 1, "Well come"), proposed=True)
    (back,) = undoing_of(hall(), accepted)
    assert back == msgspec.structs.replace(correct("b", 1, 1, line_of(hall(), "b").whole), unmended=True)


def test_a_line_counts_as_mended_as_long_as_one_correction_of_a_person_stands() -> None:
    once = carry_out(hall(), correct("b", 0, 1, "Well come"), actor=CAPTIONER)
    assert line_of(undone(once, correct("b", 1, 1, "Bienvenue")), "b").mended
    before = line_of(hall(), "b")
    after = line_of(undone(hall(), correct("b", 0, 1, "Well come")), "b")
    assert (after.whole, after.mended, after.accepted) == (before.whole, False, False)
    # To undo that is to correct it again.
    (back,) = undoing_of(hall(), correct("b", 0, 1, "Well come"))
    again = undone(once, back)
    assert (line_of(again, "b").whole, line_of(again, "b").mended) == ("Well come", True)


def test_a_correction_of_more_words_than_the_one_before_gives_those_back_too() -> None:
    first = carry_out(hall(), correct("a", 0, 1, "Bad"), actor=CAPTIONER)
    assert line_of(first, "a").whole == "Bad morning all."
    assert line_of(undone(first, correct("a", 1, 3, "Hello.")), "a").whole == "Bad morning all."


def taken_back(state: State, before: State, *act: do.AnyCommand) -> State:
    """The state after an act on `before` is undone in `state`."""
    read = read_act(before, events(before, *act, actor=CAPTIONER))
    due = still_fits(state, read.commands, read.undoing)
    return carry_out(state, *due, actor=CAPTIONER)


def test_acts_on_one_line_are_undone_one_after_the_other() -> None:
    corrected, more = correct("a", 0, 1, "Bad"), correct("a", 1, 3, "Hello, all of you.")
    split = do.SplitSegment(channel=FLOOR, segment=A, revision=1, word=1, into=segment("part"))
    once = carry_out(hall(), corrected, actor=CAPTIONER)
    (stale,) = undoing_of(hall(), corrected)
    assert still_fits(carry_out(once, more, actor=CAPTIONER), [corrected], [stale]) == (stale,)
    for act in (more, split):
        twice = carry_out(once, act, actor=CAPTIONER)
        again = taken_back(twice, once, act)
        assert line_of(again, "a").whole == line_of(once, "a").whole == "Bad morning all."
        back = line_of(taken_back(again, hall(), corrected), "a")
        assert (back.whole, back.mended) == (line_of(hall(), "a").whole, False)


def test_a_typed_line_is_emptied_once_its_correction_is_undone() -> None:
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Welcom.", language="en")
    once = carry_out(hall(), typed, actor=CAPTIONER)
    act = correct("t", 0, 0, "Welcome.")
    again = taken_back(carry_out(once, act, actor=CAPTIONER), once, act)
    assert line_of(again, "t").whole == "Welcom."
    assert line_of(taken_back(again, hall(), typed), "t").whole == ""


def test_a_split_is_undone_after_a_part_was_corrected() -> None:
    split = do.SplitSegment(channel=FLOOR, segment=A, revision=0, word=1, into=segment("part"))
    parts = carry_out(hall(), split, correct("a", 1, 1, "Bad"), correct("part", 0, 2, " evening all."), actor=CAPTIONER)
    assert line_of(taken_back(parts, hall(), split), "a").whole == "Bad evening all."


def test_lines_go_back_to_those_who_had_them() -> None:
    state = undone(hall(), do.AssignSpeaker(segments=(A, B), speaker=BO))
    assert (line_of(state, "a").speaker, line_of(state, "b").speaker) == (ANA, None)


def test_lines_that_nobody_knows_any_more_go_back_to_nobody() -> None:
    assigned = ev.SpeakerAssigned(segments=(A, segment("x")), speaker=BO)
    assert read_act(hall(), [assigned]).undoing == (do.AssignSpeaker(segments=(A,), speaker=ANA),)


def test_the_floor_goes_back_and_so_do_the_lines_since() -> None:
    state = undone(hall(), do.SetSpeaker(channel=FLOOR, speaker=ANA, since=A))
    assert state.channels[FLOOR].speaker == BO
    assert (line_of(state, "a").speaker, line_of(state, "b").speaker) == (ANA, None)
    assert undone(hall(), do.SetSpeaker(channel=FLOOR, speaker=None)).channels[FLOOR].speaker == BO


def test_the_life_of_a_session_is_taken_back_step_by_step() -> None:
    assert undoing_of(hall(), do.PauseSession()) == (do.ResumeSession(),)
    paused = carry_out(hall(), do.PauseSession())
    assert undoing_of(paused, do.ResumeSession()) == (do.PauseSession(),)
    assert undoing_of(hall(), do.CloseSession()) == (do.ReopenSession(),)
    assert undone(paused, do.CloseSession()).status is Status.PAUSED
    closed = carry_out(hall(), do.CloseSession())
    assert undoing_of(closed, do.ReopenSession()) == (do.CloseSession(),)


def test_what_was_not_recorded_before_the_close_is_not_recorded_again() -> None:
    state = undone(carry_out(hall(), do.BeginNotRecorded(), wall=WALL + 2500), do.CloseSession())
    assert (state.status, state.recorded) == (Status.OPEN, False)


def test_a_term_goes_back_to_what_was_said_of_it_before() -> None:
    assert undone(hall(), do.ChooseTerm(term="Moothall", wanted=True)).terms == {}
    said = do.ChooseTerm(term="Moothall", wanted=True, language="en", keep=True, written={"ar": "موتهول"})
    chosen = carry_out(hall(), said, actor=CAPTIONER)
    assert undone(chosen, do.ChooseTerm(term="MOOTHALL", wanted=False)).terms == chosen.terms
    assert undone(chosen, do.ChooseTerm(term="moothall", wanted=None)).terms == chosen.terms


def test_names_titles_and_languages_come_back() -> None:
    assert undone(hall(), do.IntroduceSpeaker(speaker=ANA, name="Anna")).speakers[ANA] == "Ana"
    assert undone(hall(), do.DescribeSession(title="Other")).title == "Access"
    forced = carry_out(hall(), do.ForceLanguage(channel=FLOOR, language="pt"))
    spoken = undone(forced, do.SetLanguages(languages=("fr", "sw")))
    assert (spoken.languages, spoken.channels[FLOOR].forced) == (hall().languages, "pt")
    assert undone(hall(), do.SetLanguages(languages=("en", "sw"))).languages == hall().languages
    assert undone(forced, do.ForceLanguage(channel=FLOOR, language="en")).channels[FLOOR].forced == "pt"
    assert undone(forced, do.ForceLanguage(channel=FLOOR, language=None)).channels[FLOOR].forced == "pt"


def test_a_typed_line_is_emptied() -> None:
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Oops", language="en")
    assert line_of(undone(hall(), typed), "t").whole == ""


def test_what_was_written_when_they_spoke_another_language_is_struck_and_what_was_heard_before_stands_again() -> None:
    before = hall()
    act: list[do.AnyCommand] = [do.ForceLanguage(channel=FLOOR, language="pt"), do.RewindChannel(channel=FLOOR, t=1100)]
    undoing = undoing_of(before, *act)
    restored = do.RestoreSegments(channel=FLOOR, rewinding=1, t=1100, through=1500, segments=(B,))
    assert undoing == (restored, do.ForceLanguage(channel=FLOOR, language=None))
    state = carry_out(before, *act, actor=CAPTIONER)
    heard = commit("c", 0, word("Bem", 1150, 1400), word("-vindo", 1400, 1490), word(" todos", 1700, 1900), start=1150)
    state = carry_out(state, heard, actor=ENGINE)
    state = carry_out(state, *undoing, actor=CAPTIONER)
    stand = [line for _, line in state.segments.items() if not line.gone]
    read = [(line.whole, line.speaker, line.t0) for line in sorted(stand, key=lambda line: line.t0)]
    assert read == [("Good morning all.", ANA, 0), ("Welcome", None, 1200), (" todos", BO, 1700)]
    channel = state.channels[FLOOR]
    assert (channel.committed_through, channel.open_segment, channel.forced) == (1900, None, None)
    assert [each.text for each in channel.last_words] == ["Welcome", " todos"]
    assert refused(state, restored).code is RefusalCode.CONFLICT
    # What undid it is not undone itself.
    assert undoing_of(carry_out(before, *act, actor=CAPTIONER), *undoing) == ()


def test_an_act_of_several_commands_is_undone_from_its_end() -> None:
    zoe = SpeakerId("zoe")
    act: list[do.AnyCommand] = [
        do.IntroduceSpeaker(speaker=zoe, name="Zoe"),
        do.SetSpeaker(channel=FLOOR, speaker=zoe, since=B),
        do.AssignSpeaker(segments=(A,), speaker=zoe),
    ]
    state = undone(hall(), *act)
    assert state.channels[FLOOR].speaker == BO
    assert (line_of(state, "a").speaker, line_of(state, "b").speaker) == (ANA, None)
    assert state.speakers[zoe] == "Zoe"  # A name in the list harms nobody.
    assert undoing_of(hall(), *act[:1]) == ()


def test_whoever_was_on_air_before_is_there_again() -> None:
    machine, person = (do.PutOnAir(channel=FLOOR, source=each) for each in (le.AirSource.MACHINE, le.AirSource.PERSON))
    state = undone(speaking(), person)
    air = state.channels[FLOOR].air
    assert (air.machine, air.away) == (True, ())  # It hears all of it.
    captioned = carry_out(speaking(), person, actor=CAPTIONER)
    other = msgspec.structs.replace(person, holder="c2")
    for act in (machine, other):
        air = undone(captioned, act).channels[FLOOR].air
        assert (air.source, air.holder) == (le.AirSource.PERSON, CAPTIONER.id)
    lower = msgspec.structs.replace(person, token=0)
    assert read_act(captioned, events(captioned, lower, actor=CAPTIONER)).commands == ()  # That is no act.


def test_who_came_on_air_since_stays_there() -> None:
    state, put = speaking(), do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON)
    done = events(state, put, actor=CAPTIONER)
    act = read_act(state, done).commands
    assert act == (msgspec.structs.replace(put, holder=CAPTIONER.id),)
    state = carry_out(state, put, actor=CAPTIONER)
    assert not other_on_air(state, act)
    assert other_on_air(carry_out(state, msgspec.structs.replace(put, holder="c2"), actor=CAPTIONER), act)


def test_who_is_off_air_by_now_is_taken_off_by_nothing_and_a_respeaker_is_not_put_on_air() -> None:
    machine, person, respeaker = (
        do.PutOnAir(channel=FLOOR, source=each)
        for each in (le.AirSource.MACHINE, le.AirSource.PERSON, le.AirSource.RESPEAKER)
    )
    reading = read_act(speaking(), events(speaking(), respeaker, actor=CAPTIONER))
    respoken = carry_out(speaking(), respeaker, actor=CAPTIONER)
    over = carry_out(respoken, machine, actor=SYSTEM)
    assert not other_on_air(over, reading.commands)
    assert still_fits(over, reading.commands, reading.undoing) == ()
    other = msgspec.structs.replace(person, holder="c2")
    assert not read_act(respoken, events(respoken, other, actor=TECHNICIAN)).undoing
    back = read_act(respoken, events(respoken, machine, actor=CAPTIONER))
    assert not back.undoing


@pytest.mark.parametrize(
    "command",
    [
        do.BeginNotRecorded(),
        do.LeaveNote(text="x"),
        do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)),
        do.AttachSource(source=SourceId("two"), channel=FLOOR, t=0, rate=16_000),
    ],
    ids=lambda command: str(command.__struct_config__.tag),
)
def test_what_cannot_be_undone_has_no_inverse(command: do.AnyCommand) -> None:
    assert undoing_of(hall(), command) == ()
    assert undoing_of(hall(), do.PauseSession(), command) == ()


@pytest.mark.parametrize(
    "command",
    [
        do.ResumeSession(),
        do.ForceLanguage(channel=ChannelId("pt"), language="pt"),
        do.SetSpeaker(channel=ChannelId("pt"), speaker=ANA),
        do.SetSpeaker(channel=FLOOR, speaker=ANA, since=segment("x")),
        do.AssignSpeaker(segments=(segment("x"),), speaker=ANA),
        do.MoveSegmentsAway(channel=FLOOR, segments=(A,), session=SessionId("other")),
        correct("x", 0, 0, "x"),
        correct("a", 4, 0, "x"),
    ],
    ids=lambda command: str(command.__struct_config__.tag),
)
def test_what_is_refused_has_no_inverse(command: do.AnyCommand) -> None:
    assert undoing_of(hall(), command) == ()


def test_what_could_not_be_given_back_has_no_inverse() -> None:
    # So long a line can't be written by a correction.
    long = [word("x" * 200, 1500, 1600) for _ in range(60)]
    state = carry_out(hall(), commit("b", 1, *long), actor=ENGINE)
    assert undoing_of(state, correct("b", 0, 61, "short")) == ()


def test_the_floor_is_left_to_whoever_was_given_it_meanwhile() -> None:
    act = do.SetSpeaker(channel=FLOOR, speaker=ANA)
    pt = do.SetSpeaker(channel=ChannelId("pt"), speaker=ANA)
    undoing = (*undoing_of(hall(), act), do.DescribeSession(title="x"), pt)
    took = carry_out(hall(), act)
    assert still_fits(took, [act], undoing) == undoing
    assert still_fits(carry_out(took, do.SetSpeaker(channel=FLOOR, speaker=None)), [act], undoing) == undoing[1:]


def opened_line(name: str, speaker: SpeakerId | None = ANA, channel: ChannelId = FLOOR) -> le.SegmentOpened:
    return le.SegmentOpened(
        channel=channel, segment=segment(name), t0=5, language="en", origin=le.Origin.MACHINE, speaker=speaker
    )


def test_lines_that_opened_under_the_wrong_name_go_back_but_for_those_that_somebody_named() -> None:
    act = do.SetSpeaker(channel=FLOOR, speaker=ANA)
    undoing = undoing_of(hall(), act)
    since: list[ev.AnyEvent] = [
        le.SegmentsMovedHere(channel=FLOOR, segments=(segment("m"),), session=None),
        opened_line("m"),
        opened_line("c"),
        opened_line("d"),
        opened_line("e", BO),
        opened_line("p", channel=ChannelId("pt")),
        opened_line("x"),
        ev.SpeakerAssigned(segments=(segment("d"),), speaker=ANA),
        ev.SessionPaused(t=1),
        ev.SpeakerChanged(channel=FLOOR, speaker=ANA, t=9),
        opened_line("f"),
    ]
    now = carry_out(hall(), act)
    for event in (*since[1:5], since[-1]):
        now = evolve(now, event)
    assert lines_meanwhile(now, [act], undoing, since) == (do.AssignSpeaker(segments=(segment("c"),), speaker=BO),)
    assert lines_meanwhile(now, [undoing[0]], undoing, since) == ()
    assert lines_meanwhile(now, [act], (), since) == ()


def test_a_line_that_stands_again_goes_back_as_it_did_when_it_was_first_said() -> None:
    act = do.SetSpeaker(channel=FLOOR, speaker=ANA)
    undoing = undoing_of(hall(), act)
    since: list[ev.AnyEvent] = [
        opened_line("c"),
        opened_line("d"),
        ev.SpeakerAssigned(segments=(segment("d"),), speaker=ANA),
    ]
    since += [opened_line(returned(segment(name))) for name in ("a", "c", "d")]
    now = carry_out(hall(), act)
    for event in since:
        now = evolve(now, event)
    (back,) = lines_meanwhile(now, [act], undoing, since)
    assert back == do.AssignSpeaker(segments=(segment("c"), returned(segment("c"))), speaker=BO)


def test_lines_that_were_struck_and_stand_again_are_meant_where_they_stand() -> None:
    mended = correct("b", 0, 1, "Well")
    struck = (do.RewindChannel(channel=FLOOR, t=0),)
    first = carry_out(hall(), do.AssignSpeaker(segments=(B,), speaker=ANA))
    state = carry_out(first, *struck, *undoing_of(first, *struck))
    again = carry_out(state, *struck, *undoing_of(state, *struck))
    name = returned(returned(B))
    assert still_fits(again, [], undoing_of(hall(), do.AssignSpeaker(segments=(B,), speaker=ANA))) == (
        do.AssignSpeaker(segments=(name,), speaker=None),
    )
    assert still_fits(again, [], [mended]) == (msgspec.structs.replace(mended, segment=name),)


def test_lines_that_are_not_in_the_log_any_more_are_passed_over() -> None:
    undoing = (
        do.AssignSpeaker(segments=(A, segment("gone")), speaker=ANA),
        do.AssignSpeaker(segments=(segment("gone"),), speaker=BO),
    )
    assert still_fits(hall(), [do.PauseSession()], undoing) == (do.AssignSpeaker(segments=(A,), speaker=ANA),)
    joined = do.JoinSegments(channel=FLOOR, segment=segment("gone"), revision=1, part=None)
    for gone in (correct("gone", 1, 1, "Good"), joined):
        (command,) = still_fits(hall(), [do.PauseSession()], [gone])
        assert refused(hall(), command, actor=CAPTIONER).code is RefusalCode.UNKNOWN


def accept(name: str, revision: int, words: int, text: str) -> do.CorrectSegment:
    return do.CorrectSegment(
        channel=FLOOR, segment=segment(name), base_revision=revision, base_words=words, text=text, accepted=True
    )


def test_of_many_lines_that_were_accepted_those_go_back_that_nobody_has_changed_since() -> None:
    act = [accept("a", 0, 3, "Hello."), accept("b", 0, 1, "Well")]
    before = hall()
    undoing = undoing_of(before, *act)
    after = carry_out(before, *act, actor=CAPTIONER)
    assert still_fits(after, act, undoing) == undoing
    both = carry_out(after, *undoing, actor=CAPTIONER)
    assert [(line_of(both, name).whole, line_of(both, name).accepted) for name in "ab"] == [
        ("Good morning all.", False), ("Welcome", False)
    ]  # fmt: skip
    assert not any(line_of(both, name).mended for name in "ab"), "so that they may be accepted at once again"
    changed = carry_out(after, correct("b", 1, 1, "Oh"), actor=CAPTIONER)
    kept = still_fits(changed, act, undoing)
    assert [command.segment for command in kept if isinstance(command, do.CorrectSegment)] == [A]
    away = do.MoveSegmentsAway(channel=FLOOR, segments=(A,), session=SessionId("other"))
    gone = carry_out(after, away, actor=CAPTIONER, wall=WALL + 3_600_000)
    assert [
        command.segment for command in still_fits(gone, act, undoing) if isinstance(command, do.CorrectSegment)
    ] == [B]
    neither = carry_out(changed, correct("a", 1, 3, "Oh"), actor=CAPTIONER)
    assert still_fits(neither, act, undoing) == undoing  # Whoever carries it out refuses it as stale.


def test_one_line_that_was_accepted_is_undone_or_not() -> None:
    act = accept("a", 0, 3, "Hello.")
    undoing = undoing_of(hall(), act)
    changed = carry_out(hall(), act, correct("a", 1, 3, "Oh"), actor=CAPTIONER)
    assert still_fits(changed, [act], undoing) == undoing


Q1 = PolicyQuestion(id=PolicyQuestionId("q1"), text="Who pays?")


def said() -> State:
    return carry_out(speaking(), do.ListPolicyQuestions(questions=(Q1,)))


def reading_of(state: State, command: do.AnyCommand) -> UndoReading:
    return read_act(state, events(state, command, actor=MODERATOR))


def test_a_tag_is_undone_by_the_one_before() -> None:
    agreed = do.TagSegment(segment=A, tag=Tag.AGREED, question=Q1.id)
    option = do.TagSegment(segment=A, tag=Tag.OPTION, question=Q1.id)
    untagged = do.TagSegment(segment=A, tag=None, question=Q1.id)
    assert reading_of(said(), agreed) == UndoReading((agreed,), (untagged,))
    state = carry_out(said(), agreed)
    assert reading_of(state, option) == UndoReading((option,), (agreed,))
    assert reading_of(state, untagged) == UndoReading((untagged,), (agreed,))


def test_a_list_of_questions_is_undone_by_the_one_before() -> None:
    none = do.ListPolicyQuestions(questions=())
    assert reading_of(said(), none) == UndoReading((none,), (do.ListPolicyQuestions(questions=(Q1,)),))


def test_notes_stay_and_that_one_was_read_is_no_act() -> None:
    note = do.LeaveNote(text="x", note=NoteId("n"))
    to_hub = do.LeaveHubNote(hub="kisumu", note=NoteId("h"), text="x")
    assert reading_of(said(), note) == UndoReading((note,), ())
    assert reading_of(said(), to_hub) == UndoReading((to_hub,), ())
    state = carry_out(said(), note, to_hub, actor=MODERATOR)
    assert reading_of(state, do.ReadNote(note=NoteId("n"))) == UndoReading((), ())
    assert reading_of(state, do.ReadHubNote(hub="kisumu", note=NoteId("h"))) == UndoReading((), ())


def done_and_undone(
    state: State, *commands: do.AnyCommand, wall: int = WALL
) -> tuple[State, tuple[do.AnyCommand, ...]]:
    """The state after an act, and what undoes it."""
    after, done = state, list[ev.AnyEvent]()
    for command in commands:
        made = events(after, command, actor=MODERATOR, wall=wall)
        done += made
        for event in made:
            after = evolve(after, event)
    return after, read_act(state, done).undoing


def speaking_now() -> State:
    """Somebody was called to speak, and is named."""
    return carry_out(
        asked(),
        ask("r", "", kind=InterventionKind.REQUEST, name="Rosa"),
        stand(InterventionStatus.QUEUED, "r", "a"),
        stand(InterventionStatus.CALLED, "r"),
        actor=MODERATOR,
    )


def test_a_clearing_is_one_act_and_is_undone_with_all_that_went_with_it() -> None:
    state = speaking_now()
    after, undoing = done_and_undone(state, do.ClearWall(), wall=WALL + 5_000)
    assert undoing == (do.RestoreWall(intervention=name("r")),)
    back = carry_out(after, *undoing, actor=MODERATOR, wall=WALL + 6_000)
    assert (back.wall_cleared, back.questions.called) == (None, "r")
    assert back.channels[FLOOR].speaker == state.channels[FLOOR].speaker


def test_the_second_clearing_is_undone_to_the_first() -> None:
    once = carry_out(asked(), do.ClearWall(), actor=MODERATOR, wall=WALL + 5_000)
    twice, undoing = done_and_undone(once, do.ClearWall(), wall=WALL + 9_000)
    assert undoing == (do.RestoreWall(t=5_001),)
    assert carry_out(twice, *undoing, actor=MODERATOR).wall_cleared == 5_001


def test_what_was_taken_back_by_hand_is_undone_by_clearing_again() -> None:
    once = carry_out(speaking_now(), do.ClearWall(), actor=MODERATOR, wall=WALL + 5_000)
    shown, undoing = done_and_undone(once, do.RestoreWall(intervention=name("r")), wall=WALL + 9_000)
    after = carry_out(shown, *undoing, actor=MODERATOR, wall=WALL + 9_500)
    assert (after.wall_cleared, after.questions.called) == (9_501, None)
    nearer, undoing = done_and_undone(
        carry_out(once, do.ClearWall(), actor=MODERATOR, wall=WALL + 7_000), do.RestoreWall(t=5_001), wall=WALL + 9_000
    )
    assert (nearer.wall_cleared, undoing) == (5_001, (do.ClearWall(),))


def test_what_else_is_done_in_the_same_act_is_undone_by_itself() -> None:
    state = speaking_now()
    _, undoing = done_and_undone(state, do.ClearWall(), stand(InterventionStatus.LATER, "a"))
    assert stand(InterventionStatus.QUEUED, "a") in undoing
    nobody = ev.SpeakerChanged(channel=FLOOR, speaker=None, t=0)
    checked = qe.InterventionStatusChanged(intervention=name("r"), number=4, status=InterventionStatus.CHECKED, t=0)
    assert goes_with_wall(state, checked, nobody)
    somebody = ev.SpeakerChanged(channel=FLOOR, speaker=SpeakerId("ana"), t=0)
    assert not goes_with_wall(state, checked, somebody)
    assert not goes_with_wall(state, None, nobody)
