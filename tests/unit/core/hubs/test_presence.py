from __future__ import annotations

from moothall.core.events import hubs as he
from moothall.core.hubs.presence import (
    MOST_SHOWN,
    HubNow,
    HubsPresent,
    cut_off,
    is_or_is_below,
    plain_title,
    way_to,
    with_hub,
)


def stood(hub: str, people: int | None, *, here: bool = True) -> he.HubPresenceChanged:
    return he.HubPresenceChanged(hub=hub, title=hub.title(), people=people, here=here, since=9, t=5)


def test_the_newest_holds_and_the_most_that_were_counted_stay_known() -> None:
    hubs: HubsPresent = {}
    for event in (stood("kisumu", None), stood("lima", 4), stood("kisumu", 23), stood("kisumu", 20, here=False)):
        hubs = with_hub(hubs, event)
    assert list(hubs) == ["kisumu", "lima"]
    assert hubs["kisumu"] == HubNow(title="Kisumu", people=20, most=23, here=False, since=9)
    assert hubs["lima"].most == 4
    assert with_hub(hubs, stood("kisumu", None))["kisumu"].most == 23


def test_those_are_waited_for_whose_link_is_down_and_who_have_not_left() -> None:
    hubs: HubsPresent = {}
    for event in (stood("a", 3, here=False), stood("b", None, here=False), stood("c", 0, here=False), stood("d", 4)):
        hubs = with_hub(hubs, event)
    assert cut_off(hubs) == ("a", "b")


def test_what_a_hub_calls_itself_is_one_short_line_that_turns_nothing_around() -> None:
    assert plain_title("  Kisumu \n\u202e library\u2069\x00 ") == "Kisumu library"
    assert plain_title("क्\u200dष") == "क्\u200dष"
    assert plain_title("x" * 100_000) == "x" * MOST_SHOWN
    assert plain_title("\u202e\ud800") == ""


def test_a_hub_is_below_those_that_its_name_begins_with() -> None:
    assert is_or_is_below("north", "north")
    assert is_or_is_below("north.kisumu.port", "north.kisumu")
    assert not is_or_is_below("northern", "north")
    assert not is_or_is_below("north", "north.kisumu")
    assert way_to("north.kisumu.port") == ("north", "north.kisumu", "north.kisumu.port")
