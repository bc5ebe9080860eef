from __future__ import annotations

from moothall.core import commands as do
from moothall.core.chain import Header
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import OPERATOR, SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, Epoch, InterventionId, Lane, SessionId, SpeakerId
from moothall.core.removal.moves import commands_of
from moothall.core.rules.acts import Acts, DeskAct, undo_id
from moothall.core.rules.decide import decide
from support.sessions.deciding import CAPTIONER, ENGINE, FLOOR, WALL, commit, correct, end, segment, word

SESSION = SessionId("s")
ANA, BO = SpeakerId("ana"), SpeakerId("bo")
TECHNICIAN = Actor(Role.TECHNICIAN, "l1")


class Log:
    """A session whose acts are followed; ids count from `c1` unless they are given."""

    def __init__(self, most: int = 10) -> None:
        self.acts = Acts(SESSION, most)
        self.did(
            "create",
            do.CreateSession(title="Access", languages=("en", "pt")),
            do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "pt")),
            do.OpenSession(),
            do.AttachEngine(channel=FLOOR, model="m"),
        )

    def did(self, cause: str, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
        for command in commands:
            decision = decide(self.acts.state, command, by, WALL)
            assert not isinstance(decision, Refusal), decision
            self.say(cause, *decision, by=by)
        self.acts.settle()

    def say(
        self, cause: str, *events: ev.AnyEvent | UnknownEvent | None, by: Actor = TECHNICIAN, removed: str = "x"
    ) -> None:
        """`removed`: the type of what has no body any more."""
        for n, event in enumerate(events):
            offset = self.acts.offset + 1
            header = Header(
                session=SESSION,
                epoch=Epoch("e"),
                offset=offset,
                lane=Lane("session"),
                prev=offset - 1,
                type=removed if event is None else "x",
                at=1_000 + offset,
                role=by.role,
                actor=by.id,
                cause=CommandId(cause),
                n=n,
            )
            self.acts.take(header, event)

    def shown(self) -> list[tuple[str, bool, bool]]:
        self.acts.settle()
        return [(act.id, bool(act.undo), act.undone) for act in self.acts.all().values()]

    def act(self, name: str) -> DeskAct:
        act = self.acts.get(CommandId(name))
        assert act is not None
        return act


def spoken() -> Log:
    log = Log()
    line = commit("a", 0, word("Good", 0, 300), word(" day.", 300, 700), start=0)
    log.did("e1", line, end("a", 700), by=ENGINE)
    return log


def test_an_act_is_what_the_staff_had_one_id_cause() -> None:
    log = spoken()
    introduced: list[do.AnyCommand] = [
        do.IntroduceSpeaker(speaker=ANA, name="Ana"),
        do.SetSpeaker(channel=FLOOR, speaker=ANA, since=segment("a")),
    ]
    log.did("i", *introduced, by=TECHNICIAN)
    log.did("n", do.LeaveNote(text="x"), by=CAPTIONER)
    act = log.act("i")
    assert act.commands == (
        introduced[0],
        do.SetSpeaker(channel=FLOOR, speaker=ANA),
        do.AssignSpeaker(segments=(segment("a"),), speaker=ANA),
    )
    assert act.undo == (
        do.AssignSpeaker(segments=(segment("a"),), speaker=None),
        do.SetSpeaker(channel=FLOOR, speaker=None),
    )
    assert (act.by, act.last, act.has_words, act.moved) == (TECHNICIAN, log.acts.offset - 1, True, None)
    assert log.shown() == [("i", True, False), ("n", False, False)]
    assert not log.act("n").has_words


def test_what_can_not_be_undone_is_shown_all_the_same() -> None:
    log = Log()
    log.say("o", ev.SessionOpened(wall=1))
    log.say("off", ev.NotRecordedBegan(t0=5))
    log.say("on", ev.NotRecordedEnded(t1=9))
    log.say("seal", ev.RecordSealed(version=ev.SealVersion.RAW, n=1))
    assert log.shown() == [(name, False, False) for name in ("o", "off", "on", "seal")]
    assert [act.commands for act in log.acts.all().values()] == [
        (do.OpenSession(),),
        (do.BeginNotRecorded(),),
        (do.EndNotRecorded(),),
        (do.SealRecord(version=ev.SealVersion.RAW),),
    ]


def test_what_others_do_is_no_act_of_a_desk() -> None:
    log = spoken()
    log.did("house-1", do.PauseSession())
    log.did("refine:1", correct("a", 0, 2, "Hi."), by=Actor(Role.SECRETARIAT, OPERATOR))
    log.say("m:here", le.SegmentsMovedHere(channel=FLOOR, segments=(segment("m"),), session=None))
    log.say("m:back", le.SegmentsMovedAway(channel=FLOOR, segments=(segment("m"),), session=None))
    log.say("new", UnknownEvent(type="later", v=1), None)
    assert log.shown() == []


def test_a_move_to_another_session_is_undone_by_bringing_the_lines_back() -> None:
    log = spoken()
    _, away, _ = commands_of(CommandId("m"))
    moved = do.MoveSegmentsAway(channel=FLOOR, segments=(segment("a"),), session=SessionId("o"))
    log.say(away, le.SegmentsMovedAway(channel=FLOOR, segments=(segment("a"),), session=SessionId("o")))
    log.acts.settle()
    assert log.act("m").moved == moved
    assert log.act("m").undo == (do.BringSegmentsBack(channel=FLOOR, segments=(segment("a"),), session=SessionId("o")),)
    # Not through another session's desk, so nobody knows the way back.
    log.say("own", le.SegmentsMovedAway(channel=FLOOR, segments=(segment("a"),), session=SessionId("o")))
    assert log.shown()[-1] == ("own", False, False)
    assert log.act("own").moved is None


def test_an_act_is_undone_once_the_log_has_what_undoes_it() -> None:
    log = spoken()
    long = "x" * 120
    for name in ("p", long):
        log.did(name, do.DescribeSession(title=name), by=TECHNICIAN)
        log.did(undo_id(CommandId(name)), do.DescribeSession(title="Access"), by=CAPTIONER)
    assert log.shown() == [("p", True, True), (long, True, True)]
    assert log.act(long).undone
    log.acts.mark(CommandId("p"), undone=False)
    assert not log.act("p").undone
    log.acts.mark(CommandId("p"), undone=True)
    assert log.act("p").undone


def test_a_move_is_undone_until_the_lines_have_left_again() -> None:
    log = spoken()
    left = le.SegmentsMovedAway(channel=FLOOR, segments=(segment("a"),), session=None)
    log.say("m:away", left)
    log.say("undo:m:here", le.SegmentsMovedHere(channel=FLOOR, segments=(segment("back"),), session=None))
    assert log.shown() == [("m", True, True)]
    log.say("undo:m:back", left)
    assert log.shown() == [("m", True, False)]


def test_lines_that_go_back_meanwhile_are_part_of_the_undoing() -> None:
    log = spoken()
    log.did("t", do.SetSpeaker(channel=FLOOR, speaker=None), by=TECHNICIAN)
    log.say("undo:t:lines", ev.SpeakerAssigned(segments=(segment("a"),), speaker=None))
    assert log.shown() == [("t", True, True)]


def test_only_the_last_acts_are_kept() -> None:
    log = Log(most=2)
    for n in range(4):
        log.say(f"n{n}", ne.NoteLeft(text="x"))
    assert [name for name, _, _ in log.shown()] == ["n2", "n3"]
    log.say("n4", ne.NoteLeft(text="x"))
    assert [name for name, _, _ in log.shown()] == ["n3", "n4"]
    assert log.acts.get(CommandId("n2")) is None


def test_once_words_were_removed_no_act_has_any() -> None:
    log = spoken()
    log.did("f", do.ForceLanguage(channel=FLOOR, language="pt"), by=TECHNICIAN)
    log.did("w", do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Oops", language="en"), by=TECHNICIAN)
    # What a removal says again belongs to it.
    opened = le.SegmentOpened(channel=FLOOR, segment=segment("kept"), t0=0, language="en", origin=le.Origin.MACHINE)
    said = le.WordsCommitted(channel=FLOOR, segment=segment("kept"), first=0, words=(word("Good", 0, 300),))
    ended = le.SegmentEnded(channel=FLOOR, segment=segment("kept"), t1=300, reason=le.EndReason.CLOSE, text="Good")
    mended = le.SegmentCorrected(
        channel=FLOOR, segment=segment("kept"), base_revision=0, base_words=1, text="Hi", tail=""
    )
    log.say("gone", opened, said, ended, mended, ev.BodyRemoved(offsets=(5,), reason="request", by="l1"))
    assert log.shown() == [("f", True, False)]


def test_an_act_of_which_a_body_is_gone_can_not_be_undone() -> None:
    log = spoken()
    log.say("x", ev.SessionPaused(t=1), None)
    log.say("y", None)
    assert log.shown() == [("x", False, False)]
    missing = le.SegmentCorrected(
        channel=FLOOR, segment=segment("none"), base_revision=0, base_words=0, text="x", tail=""
    )
    log.say("z", missing)
    assert len(log.shown()) == 1


ASKED = InterventionId("q")


def asking(name: str, text: str) -> Log:
    log = spoken()
    asked = do.Ask(intervention=ASKED, kind=InterventionKind.QUESTION, text=text, language="en", asker="x", name=name)
    log.did("ask", asked, by=Actor(Role.PARTICIPANT, "p"))
    return log


def test_what_was_asked_is_forgotten_with_the_acts_that_hold_it() -> None:
    log = asking("Ana", "Why?")
    log.did("mend", do.Reword(intervention=ASKED, text="Why not?"), by=TECHNICIAN)
    log.did("approve", do.SetStatus(interventions=(ASKED,), status=InterventionStatus.QUEUED), by=TECHNICIAN)
    log.did("answer", do.WriteAnswer(intervention=ASKED, text="So.", language="en"), by=TECHNICIAN)
    declined = do.SetStatus(interventions=(ASKED,), status=InterventionStatus.DECLINED, reason="Ana knows.")
    log.did("decline", declined, by=TECHNICIAN)
    log.did(
        "ask-for",
        do.Ask(intervention=InterventionId("o"), kind=InterventionKind.QUESTION, text="Who?", language="en", asker="y"),
        by=TECHNICIAN,
    )
    log.say("r", ev.BodyRemoved(offsets=(1,), reason="request", by="t1"))
    assert log.shown() == [("approve", True, False)]


def test_that_something_was_approved_is_undone_though_what_it_says_is_gone() -> None:
    log = asking("Ana", "Why?")
    stands = qe.InterventionStatusChanged(intervention=ASKED, number=1, status=InterventionStatus.QUEUED, t=0)
    log.say("approve", None, stands, removed="intervention.published")
    back = do.SetStatus(interventions=(ASKED,), status=InterventionStatus.CHECKED)
    log.acts.settle()
    assert log.act("approve").undo == (back,)
