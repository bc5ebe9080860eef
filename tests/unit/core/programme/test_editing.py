from __future__ import annotations

import msgspec

from moothall.core.events.types import Access, SoundKept
from moothall.core.programme.editing import MeetingPlan, merge
from moothall.core.programme.plan import RoomId

BASE = MeetingPlan(
    title="Water",
    languages=("en",),
    room=RoomId("hall"),
    starts=1_000,
    ends=2_000,
    access=Access.PUBLIC,
    sound=SoundKept.NONE,
)


def plan(**fields: object) -> MeetingPlan:
    return msgspec.structs.replace(BASE, **fields)


def test_what_only_one_of_two_has_changed_is_changed() -> None:
    assert merge(BASE, plan(title="Rain"), plan(ends=3_000)) == (plan(title="Rain", ends=3_000), ())
    assert merge(BASE, BASE, plan(room=None)) == (plan(room=None), ())
    assert merge(BASE, plan(access=Access.LINK), BASE) == (plan(access=Access.LINK), ())


def test_what_both_have_changed_alike_is_no_conflict() -> None:
    assert merge(BASE, plan(title="Rain"), plan(title="Rain")) == (plan(title="Rain"), ())


def test_what_both_have_changed_to_something_else_is_told_and_stays() -> None:
    mine, theirs = plan(title="Rain", starts=500, ends=9_000), plan(title="Snow", starts=700)
    assert merge(BASE, mine, theirs) == (plan(title="Snow", starts=700, ends=9_000), ("title", "starts"))
