from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import EVENT_TYPES
from moothall.core.kernel.ids import ChannelId, SegmentId

LANES = {
    "segment.opened": "ch:floor",
    "words.committed": "w:floor",
    "segment.ended": "ch:floor",
    "segment.corrected": "ch:floor",
    "segment.split": "ch:floor",
    "channel.rewound": "ch:floor",
    "segments.moved-away": "ch:floor",
    "segments.moved-here": "ch:floor",
    "proposal.declined": "ch:floor",
    "voice.agreed": "staff",
    "note.left": "staff",
    "note.read": "staff",
    "segment.tagged": "staff",
    "hub.note-left": "hub:kisumu",
    "hub.note-read": "hub:kisumu",
    "hub.declined": "hub:kisumu",
    "term.chosen": "staff",
    "air.changed": "ch:floor",
    "air.held": "staff",
    "line.offered": "staff",
    "original.kept": "staff",
    "close.requested": "staff",
    "roll.signed": "staff",
    "roll.struck": "staff",
    "intervention.received": "staff",
    "intervention.reworded": "staff",
    "intervention.flagged": "staff",
    "intervention.tagged": "staff",
    "intervention.declined": "staff",
    "intervention.removed": "staff",
    "intervention.published": "questions",
    "intervention.status-changed": "questions",
    "intervention.written": "questions",
    "queue.arranged": "questions",
    "queue.ordered": "questions",
    "asking.limited": "questions",
    "support.counted": "questions",
    "poll.opened": "questions",
    "poll.counted": "questions",
    "voting.switched": "questions",
    "voting.put": "questions",
    "voting.counted": "questions",
    "poll.closed": "questions",
    "turn.limited": "questions",
    "turn.typed": "questions",
    "turn.held": "questions",
    "submission.selected": "questions",
    "comment.placed": "questions",
    "recipient.addressed": "staff",
    "document.sent": "staff",
    "report.assigned": "staff",
    "report.section-written": "staff",
    "message.written": "staff",
    "message.dropped": "staff",
    "messages.ordered": "staff",
    "citation.checked": "staff",
    "report.moved": "staff",
}
"""Whatever isn't named here is in the session's own lane, for everybody."""


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_an_events_type_decides_its_lane(name: str) -> None:
    of_the_questions: Any = SimpleNamespace(channel="floor", hub="kisumu")
    assert EVENT_TYPES[name].lane(of_the_questions) == LANES.get(name, "session")


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_an_event_is_written_with_its_type_and_its_newest_version(name: str) -> None:
    kind = EVENT_TYPES[name]
    version = next(field for field in msgspec.structs.fields(kind) if field.name == "v")
    assert (kind.__struct_config__.tag_field, kind.__struct_config__.tag) == ("type", name)
    assert version.default == kind.VERSION


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_an_event_cant_be_changed_and_names_its_fields(name: str) -> None:
    assert EVENT_TYPES[name].__struct_config__.frozen
    assert [field for field in EVENT_TYPES[name].__struct_fields__ if field in ("type", "lane", "offset")] == []


def test_an_event_says_its_own_lane() -> None:
    ended = le.SegmentEnded(
        channel=ChannelId("pt"), segment=SegmentId("s1"), t1=1, reason=le.EndReason.PAUSE, text="Bom dia."
    )
    assert ended.lane() == "ch:pt"
    assert ev.SessionPaused(t=5).lane() == "session"
