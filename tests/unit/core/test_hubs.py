from __future__ import annotations

from moothall.core import events as ev
from moothall.core.hubs import HubNow, Hubs, is_or_is_below, way_to, with_hub


def stood(hub: str, people: int | None, *, here: bool = True) -> ev.HubStands:
    return ev.HubStands(hub=hub, title=hub.title(), people=people, here=here, since=9, t=5)


def test_the_newest_holds_and_the_most_that_were_counted_stay_known() -> None:
    hubs: Hubs = {}
    for event in (stood("kisumu", None), stood("lima", 4), stood("kisumu", 23), stood("kisumu", 20, here=False)):
        hubs = with_hub(hubs, event)
    assert list(hubs) == ["kisumu", "lima"]
    assert hubs["kisumu"] == HubNow(title="Kisumu", people=20, most=23, here=False, since=9)
    assert hubs["lima"].most == 4
    assert with_hub(hubs, stood("kisumu", None))["kisumu"].most == 23


def test_a_hub_is_below_those_that_its_name_begins_with() -> None:
    assert is_or_is_below("north", "north")
    assert is_or_is_below("north.kisumu.port", "north.kisumu")
    assert not is_or_is_below("northern", "north")
    assert not is_or_is_below("north", "north.kisumu")
    assert way_to("north.kisumu.port") == ("north", "north.kisumu", "north.kisumu.port")
