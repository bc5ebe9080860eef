from __future__ import annotations

import json

from msgspec.structs import replace

from moothall.adapters.pages.event_data import DescribedEvent, event_data

EVENT = DescribedEvent(
    address="https://hall.example/s/s",
    title="Water</script><b>",
    languages=("en", "fr"),
    starts=1_764_000_000_000,
    ends=1_764_003_600_000,
    place="Room 1",
)


def test_an_event_has_time_place_and_languages_and_can_not_end_its_block() -> None:
    text = event_data(EVENT)
    assert "<" not in text
    [event] = json.loads(text)["@graph"]
    assert event["name"] == EVENT.title
    assert (event["startDate"], event["endDate"]) == ("2025-11-24T16:00:00Z", "2025-11-24T17:00:00Z")
    assert [each["@type"] for each in event["location"]] == ["Place", "VirtualLocation"]
    assert event["eventAttendanceMode"].endswith("/MixedEventAttendanceMode")
    assert event["eventStatus"].endswith("/EventScheduled")
    assert "recordedIn" not in event


def test_a_meeting_online_has_its_page_as_its_place() -> None:
    [event] = json.loads(event_data(replace(EVENT, place="", cancelled=True, ends=None, languages=())))["@graph"]
    assert event["location"] == {"@type": "VirtualLocation", "url": EVENT.address}
    assert event["eventStatus"].endswith("/EventCancelled")
    assert not {"endDate", "inLanguage"} & event.keys()


def test_events_without_a_time_are_left_out() -> None:
    assert event_data() == ""
    assert event_data(replace(EVENT, starts=None)) == ""
    assert len(json.loads(event_data(EVENT, replace(EVENT, starts=None)))["@graph"]) == 1
