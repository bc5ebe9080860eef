from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.glossary.fixed_wording import LONGEST
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SourceId
from moothall.core.rules.decide import MAX_WORD, MAX_WORDS, MOST_BEFORE, MOST_CHOSEN, decide
from moothall.core.rules.making import MAX_TEXT
from moothall.core.sessions.state import EARLY_WORDS, State, Status
from moothall.core.terms.terms import ChosenTerm
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    created,
    end,
    events,
    line_of,
    opened,
    refused,
    segment,
    speaking,
    word,
)


def test_a_session_is_made_once_and_needs_a_title_and_a_language() -> None:
    empty = State(id=SessionId("s"))
    assert refused(empty, do.OpenSession()).code is RefusalCode.UNKNOWN
    assert refused(created(), do.CreateSession(title="x", languages=("en",))).code is RefusalCode.CONFLICT
    for title, languages in (("", ("en",)), ("x" * (MAX_TEXT + 1), ("en",)), ("x", ())):
        refusal = refused(empty, do.CreateSession(title=title, languages=languages))
        assert refusal.code is RefusalCode.INVALID
    assert events(empty, do.CreateSession(title="x", languages=("en",), access=ev.Access.STAFF, young_people=True)) == [
        ev.SessionCreated(title="x", languages=("en",), access=ev.Access.STAFF, young_people=True)
    ]


def test_a_channel_needs_a_free_name_and_a_language() -> None:
    state = created()
    kind = ev.ChannelKind.INTERPRETATION
    add = do.AddChannel(channel=ChannelId("pt"), kind=kind, languages=("pt",))
    assert events(state, add) == [ev.ChannelAdded(channel=ChannelId("pt"), kind=kind, languages=("pt",))]
    assert refused(carry_out(state, add), add).code is RefusalCode.CONFLICT
    for name, languages in (("No", ("pt",)), ("pt", ())):
        add = do.AddChannel(channel=ChannelId(name), kind=kind, languages=languages)
        assert refused(state, add).code is RefusalCode.INVALID


def test_the_life_of_a_session() -> None:
    state = created()
    assert events(state, do.OpenSession()) == [ev.SessionOpened(wall=WALL)]
    state = carry_out(state, do.OpenSession())
    assert events(state, do.PauseSession(), wall=WALL + 5000) == [ev.SessionPaused(t=5000, t0=5000)]
    state = carry_out(state, do.PauseSession())
    assert events(state, do.ResumeSession(), wall=WALL + 9000) == [ev.SessionResumed(t=9000, t1=9000)]
    state = carry_out(state, do.ResumeSession())
    assert events(state, do.CloseSession(), wall=WALL + 9000) == [ev.SessionClosed(t=9000)]
    state = carry_out(state, do.CloseSession())
    assert events(state, do.SealRecord(version=ev.SealVersion.RAW)) == [
        ev.RecordSealed(version=ev.SealVersion.RAW, n=1)
    ]
    state = carry_out(state, do.SealRecord(version=ev.SealVersion.RAW))
    assert events(state, do.SealRecord(version=ev.SealVersion.FINAL)) == [
        ev.RecordSealed(version=ev.SealVersion.FINAL, n=2)
    ]
    assert events(state, do.ReopenSession(), wall=WALL + 10_000) == [ev.SessionReopened(t=10_000)]


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (Status.OPEN, do.OpenSession()),
        (Status.CREATED, do.PauseSession()),
        (Status.OPEN, do.ResumeSession()),
        (Status.CREATED, do.CloseSession()),
        (Status.OPEN, do.ReopenSession()),
        (Status.OPEN, do.SealRecord(version=ev.SealVersion.RAW)),
    ],
)
def test_what_does_not_fit_the_life_of_a_session_is_a_conflict_that_says_so(
    status: Status, command: do.AnyCommand
) -> None:
    state = msgspec.structs.replace(opened(), status=status)
    refusal = refused(state, command)
    assert refusal.code is RefusalCode.CONFLICT
    assert str(status) in refusal.message


def test_a_close_is_asked_for_while_the_session_is_on_and_called_off_once() -> None:
    state, ask = opened(), do.RequestClose(act=CommandId("c"), by="l1")
    assert refused(state, do.RequestClose()).code is RefusalCode.CONFLICT
    assert events(state, ask) == [ev.CloseRequested(act=CommandId("c"), by="l1")]
    asked = carry_out(state, ask)
    assert asked.closing == ev.CloseRequested(act=CommandId("c"), by="l1")
    assert carry_out(asked, do.RequestClose()).closing is None
    closed = carry_out(asked, do.CloseSession())
    assert (closed.closing, closed.goes_on) == (None, None)
    assert refused(closed, ask).code is RefusalCode.CONFLICT


def test_what_is_to_follow_on_a_close_is_known_until_it_has() -> None:
    then = SessionId("next")
    ask = do.RequestClose(act=CommandId("c"), by="l1", then=then)
    asked = ev.CloseRequested(act=CommandId("c"), by="l1", then=then)
    closed = carry_out(opened(), ask, do.CloseSession())
    assert (closed.closing, closed.goes_on) == (None, asked)
    assert refused(closed, ask).code is RefusalCode.CONFLICT
    assert events(closed, do.RequestClose()) == [ev.CloseRequested()]
    followed = carry_out(closed, do.RequestClose())
    assert followed.goes_on is None
    assert refused(followed, do.RequestClose()).code is RefusalCode.CONFLICT
    assert carry_out(closed, do.ReopenSession()).goes_on is None
    assert carry_out(opened(), ask, do.RequestClose(), do.CloseSession()).goes_on is None


def test_media_time_never_runs_before_its_mapping() -> None:
    assert opened().media_now(WALL - 5000) == 0
    assert opened().media_now(WALL + 5000) == 5000


def test_closing_ends_the_open_line_and_is_not_before_the_last_word() -> None:
    assert events(speaking(), do.CloseSession(), wall=WALL + 100) == [
        le.SegmentEnded(channel=FLOOR, segment=segment("b"), t1=1500, reason=le.EndReason.CLOSE, text="Welcome"),
        ev.SessionClosed(t=1500),
    ]
    assert events(opened(), do.CloseSession(), wall=WALL + 100) == [ev.SessionClosed(t=100)]


def test_a_source_is_attached_once_and_ends_once() -> None:
    state = carry_out(created(), do.OpenSession())
    mic = SourceId("mic")
    attach = do.AttachSource(source=mic, channel=FLOOR, t=250, rate=16_000)
    assert refused(created(), attach).code is RefusalCode.CONFLICT
    assert events(state, attach, wall=WALL + 250) == [
        ev.SourceAttached(source=mic, channel=FLOOR, t=250, rate=16_000),
        ev.ClockMapped(t=250, wall=WALL + 250),
    ]
    state = carry_out(state, attach)
    assert refused(state, attach).code is RefusalCode.CONFLICT
    other = msgspec.structs.replace(attach, source=SourceId("two"))
    assert refused(state, msgspec.structs.replace(other, channel=ChannelId("xx"))).code is RefusalCode.UNKNOWN
    for wrong in ({"source": SourceId("No")}, {"rate": 0}, {"t": -1}):
        assert refused(state, msgspec.structs.replace(other, **wrong)).code is RefusalCode.INVALID
    # Whenever a source joins, the session's clock goes on as it did, and nothing was heard in its future.
    state = carry_out(state, do.MapClock(t=9000))
    for late, heard in ((100, 100), (9000, 9000), (9500, 9500), (70_000, 9500)):
        assert events(state, msgspec.structs.replace(other, t=late), wall=WALL + 500) == [
            ev.SourceAttached(source=other.source, channel=FLOOR, t=heard, rate=16_000),
            ev.ClockMapped(t=9500, wall=WALL + 500),
        ]
    finish = do.EndSource(source=mic, t=9000)
    assert events(state, finish) == [ev.SourceEnded(source=mic, t=9000)]
    assert refused(carry_out(state, finish), finish).code is RefusalCode.UNKNOWN
    assert refused(state, do.EndSource(source=SourceId("two"), t=1)).code is RefusalCode.UNKNOWN
    assert refused(state, do.MapClock(t=8999)).code is RefusalCode.INVALID
    # A mapping that could not be stored for five seconds says the same as it did then.
    waited = do.MapClock(t=8000, at=WALL)
    assert events(state, waited, wall=WALL + 5_000) == [ev.ClockMapped(t=13_000, wall=WALL + 5_000)]
    ahead = msgspec.structs.replace(waited, t=9000)
    assert events(state, ahead, wall=WALL - 10) == [ev.ClockMapped(t=9000, wall=WALL - 10)]


def test_the_node_that_writes_a_session_that_is_on_is_noted_once() -> None:
    note = do.NoteWriter(node="north")
    state = opened()
    assert events(state, note) == [ev.WriterChanged(node="north")]
    state = carry_out(state, note)
    assert state.writer == "north"
    assert refused(state, note).code is RefusalCode.CONFLICT
    assert events(state, do.NoteWriter(node="south")) == [ev.WriterChanged(node="south")]
    now = state.media_now(WALL + 500)
    for t, told in ((now + 2_000, now + 2_000), (-1, state.clock.t)):
        assert events(state, do.NoteWriter(node="south", t=t), wall=WALL + 500) == [
            ev.WriterChanged(node="south"),
            ev.ClockMapped(t=told, wall=WALL + 500),
        ]
    waited = do.NoteWriter(node="south", t=now + 2_000, at=WALL + 500)
    assert events(state, waited, wall=WALL + 9_500) == [
        ev.WriterChanged(node="south"),
        ev.ClockMapped(t=now + 11_000, wall=WALL + 9_500),
    ]
    closed = carry_out(state, do.CloseSession())
    assert refused(closed, do.NoteWriter(node="south")).code is RefusalCode.CONFLICT


def test_words_open_a_line_join_it_and_end_it() -> None:
    first, more = word("Good", 0, 300), word(" morning.", 300, 700)
    state = opened()
    assert events(state, commit("a", 0, first, start=0), actor=ENGINE) == [
        le.SegmentOpened(channel=FLOOR, segment=segment("a"), t0=0, language="en", origin=le.Origin.MACHINE),
        le.WordsCommitted(channel=FLOOR, segment=segment("a"), first=0, words=(first,)),
    ]
    state = carry_out(state, commit("a", 0, first, start=0), actor=ENGINE)
    assert events(state, commit("a", 1, more), actor=ENGINE) == [
        le.WordsCommitted(channel=FLOOR, segment=segment("a"), first=1, words=(more,))
    ]
    state = carry_out(state, commit("a", 1, more), actor=ENGINE)
    # An end before the last word's is put right.
    assert events(state, end("a", 650), actor=ENGINE) == [
        le.SegmentEnded(channel=FLOOR, segment=segment("a"), t1=700, reason=le.EndReason.SENTENCE, text="Good morning.")
    ]


def test_stale_words_come_back_with_the_state() -> None:
    state = speaking()
    late = word(" in", 1500, 1600)
    for command in (
        commit("b", 1, late, generation=2),
        commit("b", 0, late),
        commit("b", 2, late),
        commit("a", 3, late),
        commit("c", 0, late),
        commit("c", 0, late, start=1500),
        commit("b", 1, word(" in", 1500 - EARLY_WORDS - 1, 1600)),
        end("a", 1600),
        end("c", 1600),
        end("b", 1600, generation=0),
    ):
        refusal = refused(state, command, actor=ENGINE)
        assert refusal.code is RefusalCode.STALE
        assert refusal.channel == state.channel_now(FLOOR)
    assert refused(opened(), commit("a", 0, late), actor=ENGINE).channel == opened().channel_now(FLOOR)
    ended = carry_out(state, end("b", 1500), actor=ENGINE)
    again = refused(ended, commit("a", 0, late, start=1500), actor=ENGINE)
    assert again.code is RefusalCode.STALE


def test_an_engine_that_was_replaced_writes_no_more() -> None:
    state = carry_out(speaking(), do.AttachEngine(channel=FLOOR, model="m"))
    for late in (commit("b", 1, word(" in", 1500, 1600)), end("b", 1600)):
        refusal = refused(state, late, actor=ENGINE)
        assert (refusal.code, refusal.message) == (RefusalCode.STALE, "Another engine has taken over the channel.")
    assert events(state, commit("b", 1, word(" in", 1500, 1600), generation=2), actor=ENGINE)


def test_a_word_may_begin_a_little_early() -> None:
    trembling = commit("b", 1, word(" in", 1500 - EARLY_WORDS, 1600))
    assert len(events(speaking(), trembling, actor=ENGINE)) == 1


def test_words_that_can_never_be_right_are_invalid() -> None:
    state = speaking()
    for words in (
        (),
        (word("x" * (MAX_WORD + 1), 1500, 1600),),
        (word("", 1500, 1600),),
        (word("x", 1600, 1500),),
        (word("x", 1500, 1600),) * (MAX_WORDS + 1),
    ):
        assert refused(state, commit("b", 1, *words), actor=ENGINE).code is RefusalCode.INVALID
    ok = word("x", 1500, 1600)
    assert refused(opened(), commit("No", 0, ok, start=1500), actor=ENGINE).code is RefusalCode.INVALID
    french = commit("c", 0, ok, start=1500)
    french = msgspec.structs.replace(french, start=do.SegmentStart(t0=1500, language="fr"))
    assert refused(opened(), french, actor=ENGINE).code is RefusalCode.INVALID


def test_an_engine_writes_known_channels_of_a_session_that_goes_on() -> None:
    closed = carry_out(speaking(), do.CloseSession())
    assert refused(closed, commit("c", 0, word("x", 2000, 2100), start=2000)).code is RefusalCode.CONFLICT
    assert refused(speaking(), do.AttachEngine(channel=ChannelId("xx"), model="m")).code is RefusalCode.UNKNOWN
    assert events(speaking(), do.AttachEngine(channel=FLOOR, model="m")) == [
        ev.EngineAttached(channel=FLOOR, generation=2, model="m")
    ]
    measuring = do.AttachEngine(channel=FLOOR, model="m", voices=ev.VoicesTold.KNOWN)
    assert events(speaking(), measuring) == [
        ev.EngineAttached(channel=FLOOR, generation=2, model="m", voices=ev.VoicesTold.KNOWN)
    ]


def test_a_gap_moves_on_what_has_been_committed() -> None:
    gap = do.NoteGap(channel=FLOOR, t0=1500, t1=9000, reason=ev.GapReason.STORAGE)
    assert events(speaking(), gap) == [ev.GapNoted(channel=FLOOR, t0=1500, t1=9000, reason=ev.GapReason.STORAGE)]
    assert carry_out(speaking(), gap).channels[FLOOR].committed_through == 9000
    assert refused(speaking(), msgspec.structs.replace(gap, t1=1500)).code is RefusalCode.INVALID


def test_a_title_is_mended_and_a_note_left() -> None:
    assert events(created(), do.DescribeSession(title="Access for all")) == [
        ev.SessionDescribed(title="Access for all")
    ]
    assert carry_out(created(), do.DescribeSession(title="Access for all")).title == "Access for all"
    assert events(created(), do.LeaveNote(text="The booth is empty.")) == [ne.NoteLeft(text="The booth is empty.")]
    for text in ("", "  ", "x" * (MAX_TEXT + 1)):
        assert refused(created(), do.DescribeSession(title=text)).code is RefusalCode.INVALID
        assert refused(created(), do.LeaveNote(text=text)).code is RefusalCode.INVALID


def test_the_languages_of_a_session_change_until_it_begins() -> None:
    state = carry_out(created(), do.ForceLanguage(channel=FLOOR, language=created().languages[0]))
    pt = ChannelId("pt")
    state = carry_out(state, do.AddChannel(channel=pt, kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)))
    described = carry_out(state, do.DescribeSession(title="Access", languages=("sw", "fr")))
    assert (described.title, described.languages) == ("Access", ("sw", "fr"))
    assert (described.channels[FLOOR].languages, described.channels[FLOOR].forced) == (("sw", "fr"), None)
    assert described.channels[pt].languages == ("pt",)
    kept = carry_out(described, do.DescribeSession(title="Access for all"))
    assert (kept.title, kept.languages) == ("Access for all", ("sw", "fr"))
    same = carry_out(state, do.DescribeSession(title="Access", languages=state.languages))
    assert same.channels[FLOOR].forced == state.channels[FLOOR].forced
    begun = carry_out(described, do.OpenSession())
    assert refused(begun, do.DescribeSession(title="Access", languages=("en",))).code is RefusalCode.CONFLICT
    assert carry_out(begun, do.DescribeSession(title="Late")).title == "Late"


def test_a_session_with_young_people_keeps_no_sound() -> None:
    empty = State(id=SessionId("s"))
    create = do.CreateSession(title="x", languages=("en",), sound=ev.SoundKept.PUBLISHED)
    assert carry_out(empty, create).sound is ev.SoundKept.PUBLISHED
    assert carry_out(empty, msgspec.structs.replace(create, young_people=True)).sound is ev.SoundKept.NONE


def test_a_session_may_have_begun_before_it_could_be_opened() -> None:
    assert events(created(), do.OpenSession()) == [ev.SessionOpened(wall=WALL)]
    assert events(created(), do.OpenSession(age=700)) == [ev.SessionOpened(wall=WALL - 700)]
    assert carry_out(created(), do.OpenSession(age=700)).media_now(WALL + 5) == 705
    for age in (-1, MOST_BEFORE + 1):
        assert refused(created(), do.OpenSession(age=age)).code is RefusalCode.INVALID


def test_a_machines_correction_says_so_and_a_line_knows_whether_a_person_mended_it() -> None:
    by_machine = carry_out(speaking(), correct("a", 0, 3, "Good morning, all."), actor=ENGINE)
    assert not line_of(by_machine, "a").mended
    by_person = carry_out(by_machine, correct("a", 1, 3, "Good morning!"), actor=CAPTIONER)
    assert line_of(by_person, "a").mended
    struck = carry_out(speaking(), do.RewindChannel(channel=FLOOR, t=0))
    assert refused(struck, correct("a", 0, 3, "x"), actor=CAPTIONER).code is RefusalCode.UNKNOWN


def choose(term: str, wanted: bool | None = True, language: str | None = None) -> do.ChooseTerm:
    return do.ChooseTerm(term=term, wanted=wanted, language=language)


def test_a_term_is_kept_as_it_is_written_and_found_however_it_is_spelled() -> None:
    state = carry_out(opened(), choose(" Afri  NIC"), choose("ICANN", False), actor=CAPTIONER)
    assert state.terms == {
        "afri nic": ChosenTerm(term="Afri NIC", wanted=True),
        "icann": ChosenTerm(term="ICANN", wanted=False),
    }
    state = carry_out(state, choose("AFRI NIC", language="en"), actor=CAPTIONER)
    assert list(state.terms.values()) == [
        ChosenTerm(term="ICANN", wanted=False),
        ChosenTerm(term="AFRI NIC", wanted=True, language="en"),
    ]
    assert list(carry_out(state, choose("icann", None), actor=CAPTIONER).terms) == ["afri nic"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (choose("a, b"), RefusalCode.INVALID),
        (choose("term", language="fr"), RefusalCode.INVALID),
        (choose("term", None), RefusalCode.UNKNOWN),
    ],
)
def test_what_is_no_term_is_refused(command: do.ChooseTerm, code: RefusalCode) -> None:
    refused = decide(opened(), command, CAPTIONER, WALL)
    assert isinstance(refused, Refusal)
    assert refused.code is code


def test_how_it_is_translated_is_kept_with_it() -> None:
    command = do.ChooseTerm(term="Compact", wanted=True, keep=False, written={"es": " Pacto  Digital", "fr": ""})
    assert decide(opened(), command, CAPTIONER, WALL) == [
        ev.TermChosen(term="Compact", wanted=True, keep=False, written={"es": "Pacto Digital"})
    ]
    forms = {"ru": {"gen": " Пакта", "gender": "m"}, "es": {"article": ""}}
    command = do.ChooseTerm(term="Compact", wanted=True, written={"es": "Pacto", "ru": "Пакт"}, forms=forms)
    assert decide(opened(), command, CAPTIONER, WALL) == [
        ev.TermChosen(
            term="Compact",
            wanted=True,
            written={"es": "Pacto", "ru": "Пакт"},
            forms={"ru": {"gen": "Пакта", "gender": "m"}},
        )
    ]


@pytest.mark.parametrize(
    "command",
    [
        do.ChooseTerm(term="Compact", wanted=True, written={"es": "x" * (LONGEST + 1)}),
        do.ChooseTerm(term="Compact", wanted=True, written={"in Spanish": "x"}),
        do.ChooseTerm(term="Compact", wanted=False, written={"es": "x"}),
        do.ChooseTerm(term="Compact", wanted=True, written={"es": "x"}, forms={"ru": {"gen": "x"}}),
        do.ChooseTerm(term="Compact", wanted=None, keep=True),
    ],
)
def test_what_cannot_be_written_in_translations_is_refused(command: do.ChooseTerm) -> None:
    refused = decide(carry_out(opened(), choose("Compact"), actor=CAPTIONER), command, CAPTIONER, WALL)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.INVALID


def test_a_session_has_only_so_many_of_its_own() -> None:
    state = carry_out(opened(), *(choose(f"term {n}") for n in range(MOST_CHOSEN)), actor=CAPTIONER)
    refused = decide(state, choose("one more"), CAPTIONER, WALL)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.CONFLICT
    assert decide(state, choose("TERM 0", False), CAPTIONER, WALL) == [
        ev.TermChosen(term="TERM 0", wanted=False, language=None)
    ]


def test_without_a_session_there_are_none() -> None:
    assert isinstance(decide(State(id=SessionId("s")), choose("term"), CAPTIONER, WALL), Refusal)
