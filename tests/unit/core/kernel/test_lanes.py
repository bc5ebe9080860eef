from __future__ import annotations

import pytest

from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.base import Event, StaffEvent
from moothall.core.events.codec import EVENT_TYPES
from moothall.core.kernel.ids import ChannelId, Lane
from moothall.core.kernel.lanes import (
    QUESTIONS,
    SESSION,
    STAFF,
    Feed,
    channel_lane,
    hub_lane,
    is_public,
    of_hub,
    words_lane,
)

CHANNEL = ChannelId("floor")


def test_the_names_of_lanes() -> None:
    assert (channel_lane(CHANNEL), words_lane(CHANNEL), hub_lane("lima")) == ("ch:floor", "w:floor", "hub:lima")


@pytest.mark.parametrize(
    ("lane", "public"),
    [
        (SESSION, True),
        (QUESTIONS, True),
        (channel_lane(CHANNEL), True),
        (words_lane(CHANNEL), True),
        (STAFF, False),
        (hub_lane("lima"), False),
        (Lane("later:thing"), False),
        (Lane("sessions"), False),
        (Lane("xch:floor"), False),
        (Lane("cha"), False),
        (Lane(""), False),
    ],
)
def test_which_lanes_are_for_everybody(lane: Lane, public: bool) -> None:
    assert is_public(lane) is public


def test_a_hubs_lanes_are_its_own_and_those_of_the_hubs_below() -> None:
    assert of_hub(hub_lane("north"), "north")
    assert of_hub(hub_lane("north.kisumu.port"), "north")
    for lane in (hub_lane("northern"), hub_lane("south.north"), hub_lane(""), STAFF, SESSION):
        assert not of_hub(lane, "north")
    assert not of_hub(hub_lane("north"), "north.kisumu")


def test_a_live_feed_has_the_words_and_a_feed_of_lines_has_not() -> None:
    assert Feed(CHANNEL).lanes == {"session", "questions", "ch:floor", "w:floor"}
    assert Feed(CHANNEL, live=False).lanes == {"session", "questions", "ch:floor"}
    assert (Feed(CHANNEL).name, Feed(CHANNEL, live=False).name) == ("floor.live", "floor.lines")


def test_the_feed_of_the_desks_alone_has_the_staffs_lane() -> None:
    desks = Feed(CHANNEL, staff=True)
    assert desks.name == "floor.staff"
    assert desks.lanes - Feed(CHANNEL).lanes == {STAFF}


def test_no_feed_carries_what_is_not_public() -> None:
    # A channel may be called anything that is a name, `staff` and `hub.lima` included.
    for channel in ("questions", "staff", "session", "hub.lima"):
        for live in (True, False):
            assert all(is_public(lane) for lane in Feed(ChannelId(channel), live).lanes)
            assert STAFF not in Feed(ChannelId(channel), live).lanes


def test_every_type_of_event_has_the_lane_that_the_design_gives_it() -> None:
    in_channel = {"segment.opened", "segment.ended", "segment.corrected", "proposal.declined"}
    in_channel |= {"segment.split", "air.changed", "channel.rewound", "segments.moved-away", "segments.moved-here"}
    lanes = {name: kind.lane for name, kind in EVENT_TYPES.items()}
    assert {name for name, lane in lanes.items() if lane is le.ChannelEvent.lane} == in_channel
    assert {name for name, lane in lanes.items() if lane is le.WordsCommitted.lane} == {"words.committed"}
    for_staff = {"note.left", "note.read", "segment.tagged", "close.requested", "term.chosen"}
    for_staff |= {"voice.agreed", "air.held", "line.offered", "original.kept", "roll.signed", "roll.struck"}
    for_staff |= {"intervention.received", "intervention.reworded", "intervention.flagged"}
    for_staff |= {"intervention.removed", "intervention.declined", "intervention.tagged"}
    for_staff |= {"recipient.addressed", "document.sent", "report.assigned", "report.section-written", "report.moved"}
    for_staff |= {"message.written", "message.dropped", "messages.ordered", "citation.checked"}
    of_the_questions = {
        "intervention.published",
        "intervention.status-changed",
        "intervention.written",
        "turn.typed",
        "turn.held",
    }
    assert {name for name, lane in lanes.items() if lane is qe.InterventionEvent.lane} == of_the_questions
    of_the_queue = {"queue.arranged", "queue.ordered", "asking.limited", "support.counted", "turn.limited"}
    of_the_queue |= {"voting.switched", "voting.put", "voting.counted"}
    assert {name for name, lane in lanes.items() if lane is qe.QueueEvent.lane} == of_the_queue
    of_the_hands = {"poll.opened", "poll.counted", "poll.closed"}
    assert {name for name, lane in lanes.items() if lane is qe.PollEvent.lane} == of_the_hands
    assert {name for name, lane in lanes.items() if lane is StaffEvent.lane} == for_staff
    assert ne.NoteLeft(text="x").lane() == STAFF
    of_hubs = {"hub.note-left", "hub.note-read", "hub.declined"}
    assert {name for name, lane in lanes.items() if lane is he.HubEvent.lane} == of_hubs
    others = set(lanes) - in_channel - {"words.committed"} - for_staff - of_the_questions - of_the_queue
    of_outcomes = {"submission.selected", "comment.placed"}
    assert {EVENT_TYPES[name].lane(ne.NoteLeft(text="x")) for name in of_outcomes} == {QUESTIONS}
    others -= of_the_hands | of_hubs | of_outcomes
    assert {lanes[name] for name in others} == {Event.lane}
    assert ev.SessionPaused(t=0).lane() == SESSION


def test_the_staffs_feed_has_the_readers_lanes_and_the_staffs() -> None:
    staff = Feed(ChannelId("floor"), staff=True)
    assert staff.name == "floor.staff"
    assert staff.lanes - Feed(ChannelId("floor")).lanes == {STAFF}
