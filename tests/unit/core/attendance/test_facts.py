from __future__ import annotations

from collections.abc import Sequence

from moothall.core.attendance.facts import UNTOLD, AttendanceFacts, FactsFold, evolve_facts, facts_of
from moothall.core.attendance.online import HOUR_MS
from moothall.core.events import attendance as ae
from moothall.core.events import hubs as he
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.attendance import CountSource
from moothall.core.events.codec import type_name
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, OpinionSums
from moothall.core.events.types import Access
from moothall.core.kernel.ids import ChannelId, InterventionId, Lane, PolicyQuestionId, PollId, RollEntryId, SessionId
from moothall.core.kernel.lanes import channel_lane
from moothall.core.sessions.roll import RollEntry, RollStatus
from moothall.core.sessions.state import State, Status
from support.sessions.attendance import AT

FLOOR = ChannelId("floor")
BEGIN: tuple[ev.AnyEvent, ...] = (
    ev.SessionCreated(title=" Plenary ", languages=("en",)),
    ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
    ev.ChannelAdded(channel=ChannelId("pt"), kind=ev.ChannelKind.TRANSLATION, languages=("pt",)),
    ev.SessionOpened(wall=AT),
)


def told(events: Sequence[ev.AnyEvent | None], *lanes: Lane) -> AttendanceFacts:
    fold = FactsFold(state=State(id=SessionId("plenary")))
    for event in events:
        fold = evolve_facts(fold, event, AT + 5)
    return facts_of(fold, lanes)


def test_what_is_kept_of_the_floor_counts_and_no_break_nor_gap() -> None:
    spans = (
        ev.SessionPaused(t=100_000, t0=100_000),
        ev.SessionResumed(t=200_000, t1=200_000),
        ev.GapNoted(channel=FLOOR, t0=150_000, t1=300_000, reason=ev.GapReason.SOURCE_LOST),
        ev.GapNoted(channel=ChannelId("pt"), t0=300_000, t1=400_000, reason=ev.GapReason.SOURCE_LOST),
        ev.NotRecordedBegan(t0=900_000),
        ev.NotRecordedEnded(t1=2_000_000),
        ev.SessionClosed(t=1_000_000),
    )
    made = told((*BEGIN, *spans), channel_lane(FLOOR))
    assert made.recorded_ms == 700_000
    assert (made.opened, made.closed, made.status) == (AT, AT + 1_000_000, Status.CLOSED)
    assert (made.title, made.languages, made.access) == ("Plenary", ("en", "pt"), Access.PUBLIC)
    assert told((*BEGIN, *spans)).recorded_ms == 0
    assert (made.texts, told((*BEGIN, *spans)).texts) == (("en",), ())
    assert told(BEGIN).recorded_ms == 0
    assert told(BEGIN).closed is None


def test_the_time_between_a_close_and_a_reopening_is_not_kept() -> None:
    closed, later = ev.SessionClosed(t=1_000_000), ev.SessionReopened(t=9_000_000)
    again = (*BEGIN, closed, later, ev.SessionClosed(t=9_500_000))
    assert told(again, channel_lane(FLOOR)).recorded_ms == 1_500_000


def test_a_hub_has_its_highest_count_and_that_of_each_hour() -> None:
    def counted(people: int | None, at: int | None, hub: str = "kisumu") -> he.HubPresenceChanged:
        return he.HubPresenceChanged(hub=hub, title=hub.title(), people=people, counted=at, here=True, since=AT, t=1)

    made = told((*BEGIN, counted(None, None, "lima"), counted(7, AT), counted(9, AT + 1), counted(3, AT + HOUR_MS)))
    lima, kisumu = made.hubs
    assert (lima.people, lima.hours) == (None, {})
    assert (kisumu.people, kisumu.hours) == (9, {AT: 9, AT + HOUR_MS: 3})


def test_questions_are_counted_as_the_figures_of_a_meeting_count_them() -> None:
    q = InterventionId("q")
    asked = qe.InterventionReceived(
        intervention=q, number=1, kind=InterventionKind.QUESTION, text="Who?", language="en", name="", asker="a",
        origin="remote", t=1,
    )  # fmt: skip
    turn = [
        qe.InterventionStatusChanged(intervention=q, number=1, status=status, t=t)
        for t, status in enumerate((InterventionStatus.QUEUED, InterventionStatus.CALLED, InterventionStatus.ANSWERED))
    ]
    made = told((*BEGIN, asked, *turn))
    assert (made.asked, made.taken, made.taken_remotely, made.answered) == (1, 1, 1, 1)


def test_counted_ballots_change_no_fact_and_need_not_be_read() -> None:
    q, p = InterventionId("q"), PollId("p")
    counts: tuple[ev.AnyEvent, ...] = (
        qe.SupportCounted(counts={q: 3}),
        qe.PollOpened(poll=p, number=1, question="So?", language="en", options=("Yes", "No"), t=2),
        qe.PollCounted(poll=p, remote=(3, 1), room=(0, 0)),
        qe.PollClosed(poll=p, t=3),
        qe.VotingSwitched(on=True),
        qe.CommentsPutToVote(comments=(q,)),
        qe.OpinionsCounted(voters=5, sums={q: OpinionSums(agree=5, disagree=0, passed=0)}, groups=()),
    )
    begin = (*BEGIN, qe.InterventionReceived(
        intervention=q, number=1, kind=InterventionKind.COMMENT, text="So.", language="en", name="", origin="remote",
        asker="a", t=1,
    ))  # fmt: skip
    assert told((*begin, *counts)) == told(begin)
    assert {type_name(each) for each in counts} <= UNTOLD


def test_counts_topics_and_the_attendance_list_are_facts() -> None:
    question = PolicyQuestion(id=PolicyQuestionId("q1"), text="Who pays?")
    made = told(
        (
            *BEGIN,
            ne.PolicyQuestionsListed(questions=(question,)),
            ae.AttendanceCounted(people=40, source=CountSource.BADGES, at=AT),
            ae.RollArranged(open=True),
            ae.RollSigned(entry=RollEntryId("e1"), name="Ana", representing="Radio", group="media"),
            None,
        )
    )
    assert made.topics == ("Who pays?",)
    assert [each.people for each in made.counts] == [40]
    assert (made.roll, made.entries) == (RollStatus.OPEN, (RollEntry(name="Ana", representing="Radio"),))
    assert made.signed == 1
    assert made.public


def test_how_many_signed_in_is_unknown_once_their_entries_are_due() -> None:
    name = RollEntryId("e1")
    struck = (ae.RollArranged(open=True), ae.RollSigned(entry=name, name="Ana"), ae.RollStruck(entry=name))

    def removed(reason: str) -> ev.BodyRemoved:
        return ev.BodyRemoved(offsets=(6,), reason=reason, by="system")

    assert told((*BEGIN, *struck, removed("request"))).signed == 0
    assert told((*BEGIN, *struck, removed("due-staff"))).signed is None
    assert told((*BEGIN, *struck, removed("due"), ae.RollSigned(entry=name, name="Ana"))).signed == 1
    assert told((*BEGIN, *struck[:2], ae.RollFinalised(people=1), removed("due"))).signed == 1
    assert told((*BEGIN, removed("due"))).signed is None


def test_a_rehearsal_and_what_lists_do_not_name_is_not_public() -> None:
    created = ev.SessionCreated(title="x", languages=("en",), rehearsal=True)
    assert not told((created,)).public
    hidden = ev.SessionArranged(access=Access.PUBLIC, sound=ev.SoundKept.NONE, listed=False)
    assert not told((BEGIN[0], hidden)).public
    staff = ev.SessionArranged(access=Access.STAFF, sound=ev.SoundKept.NONE)
    assert not told((BEGIN[0], staff)).public
    assert told(()).opened is None
    closed_only = told((BEGIN[0], ev.SessionClosed(t=5)))
    assert closed_only.closed is None
