from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import SpeakerId
from moothall.core.removal.selection import Lines, SpokenSpan, WithCopies, WordsOf, not_kept, selected
from moothall.core.rules.authority import may_send
from moothall.core.rules.translations import MAX_ROUTE, MAX_TEXT
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import Status
from moothall.core.translation.lines import all_due
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    end,
    events,
    line_of,
    refused,
    segment,
    word,
)
from support.sessions.translations import ROUTE, SPANISH, TRANSLATOR, spanish, translate, translated_session


def test_a_line_is_translated_whole_under_a_name_that_follows_from_its_own() -> None:
    state = translated_session()
    made = le.MadeFrom(sources=(le.SourceSegment(segment("a"), 0),), route=ROUTE)
    assert events(state, translate("a", " Buenos días a todos. "), actor=TRANSLATOR) == [
        le.SegmentOpened(
            channel=SPANISH,
            segment=segment("a-mt-es"),
            t0=0,
            language="es",
            origin=le.Origin.TRANSLATED,
            speaker=None,
            made_from=made,
        ),
        le.SegmentEnded(
            channel=SPANISH,
            segment=segment("a-mt-es"),
            t1=1000,
            reason=le.EndReason.SENTENCE,
            text="Buenos días a todos.",
        ),
    ]


def test_the_translation_of_a_tools_line_names_the_tool_too() -> None:
    tool = Actor(Role.TOOL, "x1", tool="StenoCo")
    state = carry_out(translated_session(), do.PutOnAir(channel=FLOOR, source=le.AirSource.TOOL), actor=tool)
    typed = do.TypeSegment(channel=FLOOR, segment=segment("p"), text="Good morning.", language="en")
    opened, _ = events(carry_out(state, typed, actor=tool), translate("p", "Buenos días."), actor=TRANSLATOR)
    assert isinstance(opened, le.SegmentOpened)
    assert (opened.origin, opened.tool) == (le.Origin.TRANSLATED, "StenoCo")


def test_what_a_person_corrects_is_translated_anew_in_its_place() -> None:
    state = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    state = carry_out(state, correct("a", 0, 3, "Good evening all."), actor=CAPTIONER)
    assert refused(state, translate("a", "Buenos días."), actor=TRANSLATOR).code is RefusalCode.STALE
    state = carry_out(state, translate("a", "Buenas tardes a todos.", 1, rough=True), actor=TRANSLATOR)
    line = line_of(state, "a-mt-es")
    assert (line.whole, line.revision, line.mended) == ("Buenas tardes a todos.", 1, False)
    assert line.made_from == le.MadeFrom(sources=(le.SourceSegment(segment("a"), 1),), route=ROUTE, rough=True)
    again = refused(state, translate("a", "Buenas tardes.", 1), actor=TRANSLATOR)
    assert again.code is RefusalCode.STALE, "once is enough, however often the server starts"


def test_a_line_that_was_said_in_the_language_stands_as_it_was_said() -> None:
    state = translated_session()
    state = carry_out(
        state,
        do.TypeSegment(channel=FLOOR, segment=segment("p"), text="Bom dia.", language="pt"),
        do.AddChannel(channel=SPANISH.__class__("mt-pt"), kind=ev.ChannelKind.TRANSLATION, languages=("pt",)),
    )
    said = msgspec.structs.replace(translate("p", "Bom dia.", route=""), channel=SPANISH.__class__("mt-pt"))
    opened, _ = events(state, said, actor=TRANSLATOR)
    assert isinstance(opened, le.SegmentOpened)
    assert (opened.origin, opened.language) == (le.Origin.PERSON, "pt")
    assert refused(state, translate("p", "Bom dia.", route="")).code is RefusalCode.INVALID, "that is no Spanish"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (translate("b", "Bienvenidos"), RefusalCode.STALE),  # it still grows
        (translate("x", "Nada"), RefusalCode.UNKNOWN),
        (translate("a", "Nada", 1), RefusalCode.STALE),
        (translate("a", " "), RefusalCode.INVALID),
        (translate("a", "x" * (MAX_TEXT + 1)), RefusalCode.INVALID),
        (translate("a", "x", route="r" * (MAX_ROUTE + 1)), RefusalCode.INVALID),
        (msgspec.structs.replace(translate("a", "x"), channel=FLOOR), RefusalCode.UNKNOWN),
    ],
)
def test_what_is_no_translation_is_refused(command: do.SetTranslation, code: RefusalCode) -> None:
    assert refused(translated_session(), command, actor=TRANSLATOR).code is code


def test_translations_are_made_after_the_close_too_and_by_nobody_else() -> None:
    state = carry_out(translated_session(), do.CloseSession())
    assert state.status is Status.CLOSED
    assert spanish("b") == line_of(carry_out(state, translate("b", "Bienvenidos"), actor=TRANSLATOR), "b-mt-es").id
    assert {role for role in Role if may_send(role, translate("a", "x"))} == {Role.TRANSLATOR}


def test_a_persons_translation_stands_whatever_is_corrected_later() -> None:
    state = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    mend = do.CorrectSegment(
        channel=SPANISH, segment=spanish("a"), base_revision=0, base_words=0, text="Muy buenos días."
    )
    state = carry_out(state, mend, correct("a", 0, 3, "Good evening."), actor=CAPTIONER)
    assert refused(state, translate("a", "Buenas tardes.", 1), actor=TRANSLATOR).code is RefusalCode.STALE


def test_a_line_that_is_taken_back_is_taken_back_in_its_translations() -> None:
    state = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    state = carry_out(state, correct("a", 0, 3, ""), actor=CAPTIONER)
    state = carry_out(state, translate("a", "", 1), actor=TRANSLATOR)
    assert line_of(state, "a-mt-es").whole == ""
    later = carry_out(translated_session(), correct("a", 0, 3, ""), actor=CAPTIONER)
    assert refused(later, translate("a", "", 1), actor=TRANSLATOR).code is RefusalCode.STALE


def test_what_strikes_a_line_strikes_its_translations_and_is_undone_without_them() -> None:
    before = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    struck = events(before, do.RewindChannel(channel=FLOOR, t=0))
    assert struck[-1] == le.ChannelRewound(channel=SPANISH, t=0, segments=(spanish("a"),))
    state = carry_out(before, do.RewindChannel(channel=FLOOR, t=0))
    assert line_of(state, "a-mt-es").gone
    assert refused(state, translate("a", "Buenos días."), actor=TRANSLATOR).code is RefusalCode.STALE
    act = read_act(before, struck)
    assert [type(command) for command in act.undoing] == [do.RestoreSegments]
    back = carry_out(state, *act.undoing)
    stands = [line for _, line in back.segments.items() if line.channel == FLOOR and not line.gone]
    (again,) = [line for line in stands if line.whole == "Good morning all."]
    state = carry_out(back, translate(again.id, "Buenos días a todos."), actor=TRANSLATOR)
    assert not line_of(state, spanish(again.id)).gone
    second = events(state, do.RewindChannel(channel=FLOOR, t=0))
    striking = [event.channel for event in second if isinstance(event, le.ChannelRewound)]
    assert striking == [FLOOR, SPANISH]


def test_lines_that_move_away_take_their_translations_and_these_dont_move_alone() -> None:
    state = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    move = do.MoveSegmentsAway(channel=FLOOR, segments=(segment("a"),), session=None)
    moved = events(state, move, wall=WALL + 60_000)
    assert [type(event) for event in moved] == [le.SegmentsMovedAway, le.ChannelRewound]
    alone = do.MoveSegmentsAway(channel=SPANISH, segments=(spanish("a"),), session=None)
    assert refused(state, alone, wall=WALL + 60_000).code is RefusalCode.INVALID


def test_a_speaker_is_given_to_the_line_that_was_spoken() -> None:
    state = carry_out(
        translated_session(),
        do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana"),
        translate("a", "Buenos días a todos."),
    )
    assign = do.AssignSpeaker(segments=(spanish("a"), segment("a")), speaker=SpeakerId("ana"))
    assert events(state, assign) == [ev.SpeakerAssigned(segments=(segment("a"),), speaker=SpeakerId("ana"))]


def test_what_is_removed_is_removed_in_every_language() -> None:
    state = carry_out(
        translated_session(),
        do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana"),
        do.AssignSpeaker(segments=(segment("a"),), speaker=SpeakerId("ana")),
        translate("a", "Buenos días a todos."),
        commit("b", 1, word(" back.", 1500, 1900)),
        end("b", 1900),
        translate("b", "Bienvenidos de nuevo."),
    )
    both = {segment("a"), spanish("a")}
    for selection in (
        Lines((segment("a"),)),
        Lines((spanish("a"),)),
        WordsOf(SpeakerId("ana")),
        SpokenSpan(0, 800),
        WithCopies(Lines((segment("a"),))),
    ):
        assert {cut.line.id for cut in selected(state, selection)} == both
    # Half of a line goes: what stays of it is translated anew, under the name that it gets.
    assert {cut.line.id: cut.stays for cut in selected(state, SpokenSpan(1400, 1600))} == {
        segment("b"): ((0, 1),),
        spanish("b"): (),
    }
    rewound = carry_out(state, do.RewindChannel(channel=FLOOR, t=0))
    assert {cut.line.id for cut in selected(rewound, Lines((segment("a"),)))} == both, "struck ones hold words too"


@pytest.mark.parametrize("begins", [do.BeginNotRecorded(back=30_000), do.PauseSession(back=30_000)])
def test_what_is_not_kept_is_kept_in_no_language(begins: do.AnyCommand) -> None:
    state = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    state = carry_out(state, begins, wall=WALL + 2_000)
    assert {segment("a"), spanish("a")} <= {cut.line.id for cut in not_kept(state)}
    assert refused(state, translate("a", "x"), actor=TRANSLATOR).code is RefusalCode.STALE


def test_only_translations_are_of_record_or_made_on_demand() -> None:
    state = translated_session()
    add = do.AddChannel(channel=SPANISH.__class__("mt-fr"), kind=ev.ChannelKind.TRANSLATION, languages=("fr",))
    (added,) = events(state, add, wall=WALL + 5)
    assert isinstance(added, ev.ChannelAdded)
    assert (added.of_record, added.requested) == (False, WALL + 5)
    spoken = msgspec.structs.replace(add, kind=ev.ChannelKind.INTERPRETATION, of_record=True)
    assert refused(state, spoken).code is RefusalCode.INVALID
    assert state.channels[SPANISH].of_record
    assert carry_out(state, commit("b", 1, word("!", 1500, 1600)), actor=ENGINE).channels[SPANISH].open_segment is None


def split(word: int, revision: int = 0, name: str = "a", into: str = "part") -> do.SplitSegment:
    return do.SplitSegment(channel=FLOOR, segment=segment(name), revision=revision, word=word, into=segment(into))


def test_both_parts_of_a_split_line_are_translated() -> None:
    state = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    state = carry_out(state, split(2), actor=CAPTIONER)
    assert [each.source for each in all_due(state, state.channels[SPANISH])] == [
        le.SourceSegment(segment("a"), 1),
        le.SourceSegment(segment("part"), 0),
    ]
    state = carry_out(state, translate("a", "Buenos días", revision=1), translate("part", "a todos."), actor=TRANSLATOR)
    assert [line_of(state, name).whole for name in (spanish("a"), spanish("part"))] == ["Buenos días", "a todos."]
    assert all_due(state, state.channels[SPANISH]) == []


def test_a_translation_by_a_person_stands_for_all_parts_of_its_line() -> None:
    state = carry_out(translated_session(), translate("a", "Buenos dias todos."), actor=TRANSLATOR)
    mended = do.CorrectSegment(
        channel=SPANISH, segment=spanish("a"), base_revision=0, base_words=0, text="Buenos días a todos."
    )
    state = carry_out(state, mended, split(2), split(1, 1, into="middle"), actor=CAPTIONER)
    assert all_due(state, state.channels[SPANISH]) == []
    assert (line_of(state, spanish("a")).t1, line_of(state, spanish("a")).reason) == (1000, le.EndReason.SENTENCE)
    # Somebody translates what is left of it anew, and later it is split again.
    again = carry_out(translated_session(), split(2), actor=CAPTIONER)
    again = carry_out(again, translate("a", "Buenos dias", revision=1), actor=TRANSLATOR)
    by_hand = msgspec.structs.replace(mended, text="Buenos días")
    again = carry_out(again, by_hand, actor=CAPTIONER)
    assert [each.source.segment for each in all_due(again, again.channels[SPANISH])] == ["part"]


def test_another_voice_begins_after_the_translation_too() -> None:
    ends = msgspec.structs.replace(split(3), into=None)
    state = carry_out(translated_session(), ends, actor=CAPTIONER)
    state = carry_out(state, translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    assert line_of(state, spanish("a")).reason is le.EndReason.SPEAKER


@pytest.mark.parametrize(("name", "kept"), [("a", "Muy buenos días a todos."), ("part", "Buenos días a todas.")])
def test_what_a_person_wrote_in_a_translated_part_stays_with_both_where_the_split_is_undone(
    name: str, kept: str
) -> None:
    state = carry_out(translated_session(), split(2), actor=CAPTIONER)
    state = carry_out(state, translate("a", "Buenos días", revision=1), translate("part", "a todos."), actor=TRANSLATOR)
    text = {"a": "Muy buenos días", "part": "a todas."}[name]
    mended = do.CorrectSegment(channel=SPANISH, segment=spanish(name), base_revision=0, base_words=0, text=text)
    join = do.JoinSegments(channel=FLOOR, segment=segment("a"), revision=1, part=segment("part"))
    state = carry_out(state, mended, join, actor=CAPTIONER)
    line = line_of(state, spanish("a"))
    assert (line.whole, line.mended, line_of(state, spanish("part")).gone) == (kept, True, True)
    assert all_due(state, state.channels[SPANISH]) == []


def test_a_split_is_undone_with_what_it_did_to_translations() -> None:
    state = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    for command in (split(2), msgspec.structs.replace(split(3), into=None)):
        act = read_act(state, events(state, command, actor=CAPTIONER))
        assert act.commands == (command,)
        done = carry_out(state, command, actor=CAPTIONER)
        assert line_of(done, spanish("a")).reason is le.EndReason.SPEAKER
        back = line_of(carry_out(done, *act.undoing, actor=CAPTIONER), spanish("a"))
        assert (back.t1, back.reason) == (1000, le.EndReason.SENTENCE)
