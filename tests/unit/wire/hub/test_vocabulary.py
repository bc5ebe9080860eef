from __future__ import annotations

import hashlib

from hypothesis import given

from moothall.core.events.codec import EVENT_TYPES, type_name
from moothall.core.events.types import AnyEvent, StaffEvent
from moothall.core.kernel.actors import Role
from moothall.wire.hub.vocabulary import DICTIONARY, LANES, ROLES, VERSION
from support.sessions.strategies import EVENTS


def test_what_version_1_stands_for_never_changes() -> None:
    known = repr((ROLES, sorted(LANES.items()), DICTIONARY)).encode()
    assert (VERSION, hashlib.sha256(known).hexdigest()) == (
        1,
        "b958e53adb380e021c4834930bcf61f68a0636f95381259a1b144db10e4fd167",
    )
    assert len(DICTIONARY) < 32_506, "what DEFLATE can look back upon"


def test_what_travels_by_number_is_known_here() -> None:
    assert set(ROLES) <= {role.value for role in Role}


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
