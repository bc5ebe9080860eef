"""Who is on air, as the fold of a channel's events."""

from __future__ import annotations

from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.session.air import Air, air_after

FLOOR = ChannelId("floor")


def changed(source: ev.AirSource, t0: int, tool: str = "") -> ev.AirChanged:
    return ev.AirChanged(channel=FLOOR, source=source, t=t0, t0=t0, tool=tool)


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
    offered = ev.LineOffered(
        channel=FLOOR, segment=SegmentId("s"), text="x", language="en", t=1, by="y", tool="Another"
    )
    assert air_after(air, offered).tools == {"x": "StenoCo", "y": "Another"}
    persons = ev.LineOffered(channel=FLOOR, segment=SegmentId("s"), text="x", language="en", t=1, by="p")
    assert air_after(air, persons) is air
