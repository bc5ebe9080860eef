from __future__ import annotations

import hashlib

from hypothesis import given

from moothall.core.events.base import StaffEvent
from moothall.core.events.codec import EVENT_TYPES, type_name
from moothall.core.events.types import AnyEvent
from moothall.wire.hubs.vocabulary import DICTIONARY, LANES, VERSION
from support.sessions.strategies import EVENTS


def test_what_version_1_stands_for_never_changes() -> None:
    known = repr((sorted(LANES.items()), DICTIONARY)).encode()
    assert (VERSION, hashlib.sha256(known).hexdigest()) == (
        1,
        "bdda2c1d9462a1674e81c86c2e6985a48543809e0007be75afb7ada0dbd0b5a3",
    )
    assert len(DICTIONARY) < 32_506, "what DEFLATE can look back upon"


@given(EVENTS)
def test_an_events_lane_is_the_one_that_its_body_gives(event: AnyEvent) -> None:
    lane = LANES.get(type_name(event))
    if lane is not None:
        channel, hub = getattr(event, "channel", ""), getattr(event, "hub", "")
        assert lane.format(channel=channel, hub=hub) == event.lane()


def test_no_lane_of_the_staff_is_inferred() -> None:
    staff = {name for name, kind in EVENT_TYPES.items() if issubclass(kind, StaffEvent)}
    assert staff
    assert not staff & set(LANES)
