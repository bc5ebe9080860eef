from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import Access, SoundKept, VoicesTold, VoiceUse
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import InterventionId, SegmentId, SpeakerId
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import State
from moothall.core.sessions.who_speaks import (
    LEAST_VOICE_MS,
    LONGEST_PAUSE_MS,
    LineEvidence,
    NameEvidence,
    ProposedName,
    VoicesMeasured,
    measured,
    proposed,
    proposed_for,
    same_turn,
    voice_uses,
)
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    carry_out,
    commit,
    end,
    events,
    line_of,
    refused,
    segment,
    speaking,
    word,
)

ANA, BEN, CY, DI = (SpeakerId(name) for name in ("ana", "ben", "cy", "di"))
LONG = (ANA, LEAST_VOICE_MS)
ALL, NOTHING = VoicesMeasured(changes=True, learnt=True), VoicesMeasured()
CHANGES, NAMES = VoicesMeasured(changes=True), VoicesMeasured(learnt=True)


def arranged(use: VoiceUse) -> do.ArrangeSession:
    return do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE, voice_use=use)


def named() -> State:
    """The session of `speaking` with the name of Ana, who agreed."""
    return carry_out(
        speaking(),
        do.IntroduceSpeaker(speaker=ANA, name="Ana"),
        do.IntroduceSpeaker(speaker=BEN, name="Ben"),
        do.AgreeVoice(speaker=ANA, agreed=True),
        actor=CAPTIONER,
    )


@pytest.mark.parametrize(
    ("evidence", "found"),
    [
        (LineEvidence(), None),
        (LineEvidence(source=ANA, called=BEN, pressed=CY, heard=DI, heard_ms=9_000), (ANA, NameEvidence.SOURCE)),
        (LineEvidence(called=BEN, pressed=CY, heard=DI, heard_ms=9_000), (BEN, NameEvidence.QUEUE)),
        (LineEvidence(pressed=CY, heard=DI, heard_ms=9_000), (CY, NameEvidence.DESK)),
        (LineEvidence(heard=DI, heard_ms=LEAST_VOICE_MS), (DI, NameEvidence.VOICE)),
        (LineEvidence(heard=DI, heard_ms=LEAST_VOICE_MS - 1), None),
        (LineEvidence(heard=ANA, heard_ms=9_000), None),
    ],
)
def test_the_source_outweighs_the_queue_and_that_the_desk_and_that_the_voice(
    evidence: LineEvidence, found: tuple[SpeakerId, NameEvidence] | None
) -> None:
    assert proposed(evidence, {DI}) == (None if found is None else ProposedName(*found))


def test_a_voice_is_proposed_for_a_line_that_nobody_named() -> None:
    state = named()
    assert proposed_for(state, line_of(state, "a"), None) is None
    assert proposed_for(state, line_of(state, "a"), LONG) == ProposedName(ANA, NameEvidence.VOICE)
    assert proposed_for(state, line_of(state, "a"), (BEN, 9_000)) is None
    for speaker in (ANA, BEN):
        pressed = carry_out(state, do.AssignSpeaker(segments=(segment("a"),), speaker=speaker), actor=CAPTIONER)
        assert proposed_for(pressed, line_of(pressed, "a"), LONG) is None


def test_whoever_typed_a_line_is_not_another() -> None:
    state = named()
    turn = InterventionId("q")
    ask = do.Ask(intervention=turn, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="x", name="Ana")
    staff = Actor(Role.TECHNICIAN, "t")
    state = carry_out(state, ask, actor=staff)
    for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
        state = carry_out(state, do.SetStatus(interventions=(turn,), status=status), actor=staff)
    typed = msgspec.structs.replace(line_of(state, "a"), origin=le.Origin.SPEAKER, speaker=BEN)
    assert proposed_for(state, typed, LONG) is None
    # She has been called: what is said in her turn is hers, whoever seems to be heard.
    state = carry_out(state, end("b", 1_500), actor=ENGINE)
    state = carry_out(state, do.SetSpeaker(channel=FLOOR, speaker=None), actor=CAPTIONER)
    state = carry_out(state, commit("c", 0, word("Why?", 90_000, 90_100), start=90_000), actor=ENGINE)
    assert proposed_for(state, line_of(state, "c"), (BEN, 9_000)) == ProposedName(ANA, NameEvidence.QUEUE)
    assert proposed_for(state, line_of(state, "a"), None) is None


def test_whoever_was_named_by_the_queue_is_not_proposed_by_another_id_of_the_same_name() -> None:
    turn, staff = InterventionId("q"), Actor(Role.TECHNICIAN, "t")
    wish = do.Ask(intervention=turn, kind=InterventionKind.REQUEST, text="", language="en", asker="x", name="Ana")
    state = carry_out(carry_out(named(), wish, actor=staff), end("b", 1_500), actor=ENGINE)
    for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
        state = carry_out(state, do.SetStatus(interventions=(turn,), status=status), actor=staff)
    state = carry_out(state, commit("c", 0, word("I", 90_000, 90_100), start=90_000), actor=ENGINE)
    assert line_of(state, "c").speaker == "i1"
    assert proposed_for(state, line_of(state, "c"), LONG) is None


def test_earlier_lines_of_a_turn_go_back_to_a_change_of_voice_or_a_name() -> None:
    state = carry_out(named(), end("b", 1_500), actor=ENGINE)
    split = do.SplitSegment(channel=FLOOR, segment=segment("a"), revision=0, word=1, into=segment("a-2"))
    state = carry_out(state, split, actor=CAPTIONER)
    order = [SegmentId(name) for name in ("a", "a-2", "gone", "b")]
    assert same_turn(state, order, line_of(state, "b")) == ("a-2",)
    assert same_turn(state, order, line_of(state, "a")) == ()
    state = carry_out(state, do.AssignSpeaker(segments=(segment("a-2"),), speaker=BEN), actor=CAPTIONER)
    assert same_turn(state, order, line_of(state, "b")) == ()
    struck = carry_out(state, do.RewindChannel(channel=FLOOR, t=0), actor=CAPTIONER)
    assert same_turn(struck, order, line_of(struck, "b")) == ()


@pytest.mark.parametrize(("silence", "found"), [(LONGEST_PAUSE_MS - 1, ("c", "b", "a")), (LONGEST_PAUSE_MS, ("c",))])
def test_a_turn_ends_where_nobody_speaks_for_half_a_minute(silence: int, found: tuple[str, ...]) -> None:
    t0 = 1_500 + silence
    later = (commit("c", 0, word("I", t0, t0 + 100), start=t0), end("c", t0 + 100))
    last = commit("d", 0, word("I", t0 + 20_000, t0 + 20_100), start=t0 + 20_000)
    state = carry_out(named(), end("b", 1_500), *later, last, actor=ENGINE)
    assert same_turn(state, [segment(name) for name in "abcd"], line_of(state, "d")) == found


def test_who_agrees_is_noted_and_taken_back_by_one_act_that_is_not_undone() -> None:
    state = named()
    assert state.voices == {ANA}
    assert refused(state, do.AgreeVoice(speaker=ANA, agreed=True), actor=CAPTIONER).code is RefusalCode.CONFLICT
    assert refused(state, do.AgreeVoice(speaker=BEN, agreed=False), actor=CAPTIONER).code is RefusalCode.CONFLICT
    assert refused(state, do.AgreeVoice(speaker=CY, agreed=True), actor=CAPTIONER).code is RefusalCode.UNKNOWN
    withdrawn = do.AgreeVoice(speaker=ANA, agreed=False)
    reading = read_act(state, events(state, withdrawn, actor=CAPTIONER))
    assert (reading.commands, reading.undoing) == ((withdrawn,), ())
    assert carry_out(state, withdrawn, actor=CAPTIONER).voices == set()


def test_never_with_young_people() -> None:
    state = carry_out(
        State(id=named().id),
        do.CreateSession(title="School", languages=("en",), young_people=True),
        do.IntroduceSpeaker(speaker=ANA, name="Ana"),
    )
    assert refused(state, do.AgreeVoice(speaker=ANA, agreed=True), actor=CAPTIONER).code is RefusalCode.FORBIDDEN
    assert measured(state, ALL) == NOTHING
    assert carry_out(state, arranged(VoiceUse.ALLOWED)).voice_use is VoiceUse.NONE, "whatever is set"
    assert measured(msgspec.structs.replace(state, voice_use=VoiceUse.ALLOWED), ALL) == NOTHING
    assert measured(named(), ALL) == ALL


def test_a_session_measures_less_than_its_house_allows_and_never_more() -> None:
    state = carry_out(named(), arranged(VoiceUse.CHANGES))
    assert measured(state, ALL) == CHANGES
    assert measured(state, NAMES) == measured(state, NOTHING) == NOTHING
    assert refused(state, do.AgreeVoice(speaker=BEN, agreed=True), actor=CAPTIONER).code is RefusalCode.FORBIDDEN
    assert carry_out(state, do.AgreeVoice(speaker=ANA, agreed=False), actor=CAPTIONER).voices == set()
    assert measured(carry_out(state, arranged(VoiceUse.NONE)), ALL) == NOTHING
    silent = do.CreateSession(title="Closed", languages=("en",), voice_use=VoiceUse.NONE)
    assert measured(carry_out(State(id=named().id), silent), ALL) == NOTHING


def test_the_choices_are_those_that_differ_and_name_what_was_chosen() -> None:
    allowed, changes, none = VoiceUse
    assert voice_uses(ALL) == {allowed: ALL, changes: CHANGES, none: NOTHING}
    assert list(voice_uses(ALL)) == [allowed, changes, none]
    assert voice_uses(CHANGES) == {allowed: CHANGES, none: NOTHING}
    assert voice_uses(CHANGES, changes) == {changes: CHANGES, none: NOTHING}
    assert voice_uses(NAMES) == {allowed: NAMES, none: NOTHING}
    assert voice_uses(NAMES, changes) == {allowed: NAMES, changes: NOTHING}
    assert voice_uses(NOTHING) == {}


def test_readers_are_told_what_is_measured() -> None:
    assert (ALL.told, NAMES.told, CHANGES.told) == (VoicesTold.KNOWN, VoicesTold.KNOWN, VoicesTold.CHANGES)
    assert not NOTHING.told
