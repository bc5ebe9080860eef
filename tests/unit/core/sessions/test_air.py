"""Who is on air, as the fold of a channel's events."""

from __future__ import annotations

from moothall.core.events import lines as le
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.sessions.air import Air, air_after, air_without

FLOOR = ChannelId("floor")


def changed(source: le.AirSource, t0: int, tool: str = "") -> le.AirChanged:
    return le.AirChanged(channel=FLOOR, source=source, t=t0, t0=t0, tool=tool)


def offer(name: str, tool: str = "") -> le.LineOffered:
    return le.LineOffered(channel=FLOOR, segment=SegmentId(name), text="x", language="en", t=1, by="y", tool=tool)


def test_the_machine_is_on_air_before_anybody_says_so() -> None:
    air = Air()
    assert air.machine
    assert air.writes("anybody")


def test_spans_without_the_machine_end_where_it_hears_again_and_go_where_it_hears_all_of_them() -> None:
    air = air_after(Air(), changed(le.AirSource.PERSON, 1_000))
    air = air_after(air, changed(le.AirSource.PERSON, 2_000))
    assert air.away == ((1_000, None),)
    assert not air.writes("a")
    assert air_after(air, changed(le.AirSource.MACHINE, 5_000)).away == ((1_000, 5_000),)
    assert air_after(air, changed(le.AirSource.MACHINE, 1_000)).away == ()
    assert air_after(Air(), changed(le.AirSource.MACHINE, 1_000)).away == ()


def test_no_engine_hears_a_channel_from_when_a_person_follows_the_machine_or_a_respeaker() -> None:
    person = le.AirChanged(channel=FLOOR, source=le.AirSource.PERSON, t=9_000, t0=1_000, tool="")
    air = air_after(Air(), person)
    assert (Air().unheard, air.unheard) == (None, 9_000)
    assert air_after(air, changed(le.AirSource.TOOL, 12_000)).unheard == 9_000
    respoken = air_after(air, changed(le.AirSource.RESPEAKER, 20_000))
    assert respoken.unheard is None
    assert air_after(respoken, changed(le.AirSource.PERSON, 30_000)).unheard == 30_000
    assert air_after(air, changed(le.AirSource.MACHINE, 20_000)).unheard is None


def test_tools_are_known_by_what_they_did() -> None:
    air = air_after(Air(), changed(le.AirSource.TOOL, 1_000, "StenoCo"))
    air = air_after(air, le.AirHeld(channel=FLOOR, holder="x", token=1))
    assert (air.holder, air.token, air.tools) == ("x", 1, {"x": "StenoCo"})
    assert air.writes("x")
    assert air_after(air, offer("s", tool="Another")).tools == {"x": "StenoCo", "y": "Another"}
    assert air_after(air, offer("s")).tools == air.tools


def test_what_was_offered_waits_until_it_is_taken_or_the_machine_is_on_air() -> None:
    air = air_after(Air(), changed(le.AirSource.PERSON, 1_000))
    for n in range(3):
        air = air_after(air, offer(f"s{n}"))
    air = air_after(air, changed(le.AirSource.TOOL, 2_000, "StenoCo"))
    assert air.offered == ("s0", "s1", "s2")
    assert air_without(air, SegmentId("earlier")) == air, "it was offered before the machine was last on air"
    air = air_without(air, SegmentId("s1"))
    assert air.offered == ("s0", "s2")
    assert air_after(air, changed(le.AirSource.MACHINE, 3_000)).offered == ()
