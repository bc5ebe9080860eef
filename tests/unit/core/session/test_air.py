"""Who is on air, as the fold of a channel's events."""

from __future__ import annotations

from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.session.air import OFFERED, Air, air_after, air_without

FLOOR = ChannelId("floor")


def changed(source: ev.AirSource, t0: int, tool: str = "") -> ev.AirChanged:
    return ev.AirChanged(channel=FLOOR, source=source, t=t0, t0=t0, tool=tool)


def offer(name: str, tool: str = "") -> ev.LineOffered:
    return ev.LineOffered(channel=FLOOR, segment=SegmentId(name), text="x", language="en", t=1, by="y", tool=tool)


def test_the_machine_is_on_air_before_anybody_says_so() -> None:
    air = Air()
    assert air.machine
    assert air.writes("anybody")


def test_spans_without_the_machine_end_where_it_hears_again_and_go_where_it_hears_all_of_them() -> None:
    air = air_after(Air(), changed(ev.AirSource.PERSON, 1_000))
    air = air_after(air, changed(ev.AirSource.PERSON, 2_000))
    assert air.away == ((1_000, None),)
    assert not air.writes("a")
    assert air_after(air, changed(ev.AirSource.MACHINE, 5_000)).away == ((1_000, 5_000),)
    assert air_after(air, changed(ev.AirSource.MACHINE, 1_000)).away == ()
    assert air_after(Air(), changed(ev.AirSource.MACHINE, 1_000)).away == ()


def test_tools_are_known_by_what_they_did() -> None:
    air = air_after(Air(), changed(ev.AirSource.TOOL, 1_000, "StenoCo"))
    air = air_after(air, ev.AirHeld(channel=FLOOR, holder="x", token=1))
    assert (air.holder, air.token, air.tools) == ("x", 1, {"x": "StenoCo"})
    assert air.writes("x")
    assert air_after(air, offer("s", tool="Another")).tools == {"x": "StenoCo", "y": "Another"}
    assert air_after(air, offer("s")).tools == air.tools


def test_of_what_was_offered_the_newest_are_at_hand_until_they_are_taken_or_the_machine_is_on_air() -> None:
    air = air_after(Air(), changed(ev.AirSource.PERSON, 1_000))
    for n in range(OFFERED + 1):
        air = air_after(air, offer(f"s{n}"))
    assert (air.offered[0], len(air.offered)) == ("s1", OFFERED)
    air = air_after(air, changed(ev.AirSource.TOOL, 2_000, "StenoCo"))
    assert air.waiting == OFFERED + 1
    older = air_without(air, SegmentId("s0"), 1_000)
    assert (older.offered, older.waiting) == (air.offered, OFFERED), "it isn't at hand any more, but waits for nobody"
    assert air_without(air, SegmentId("earlier"), 999) == air, "it was offered before the machine was last on air"
    air = air_without(air, SegmentId("s1"), 1_000)
    assert (air.offered[0], len(air.offered), air.waiting) == ("s2", OFFERED - 1, OFFERED)
    assert air_after(air, changed(ev.AirSource.MACHINE, 3_000)).offered == ()
