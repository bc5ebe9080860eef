from __future__ import annotations

import json
from typing import Any

import pytest

from moothall.core.kernel.errors import ProgrammeError
from support.files.programme_files import read


def schedule(*events: dict[str, Any], **conference: Any) -> str:
    days = [{"rooms": {"Hall": list(events)}}, {}]
    return json.dumps({"schedule": {"conference": {"title": "Forum", "days": days, **conference}}})


def test_the_id_that_stays_when_a_title_changes_is_taken() -> None:
    there = read(
        schedule(
            {"title": "One", "code": "AB", "id": 1, "guid": "g"},
            {"title": "Two", "id": 2, "guid": "g"},
            {"title": "Three", "guid": "g", "code": ""},
            {"title": "Four"},
            acronym="f",
        )
    )
    assert [each.session for each in there.sessions] == ["f-ab", "f-2", "f-g", "f-four"]
    assert there.title == "Forum"


def test_times_may_have_the_conferences_zone() -> None:
    event = {"title": "One", "date": "1970-01-01T03:00:00", "duration": "01:00", "language": "fr"}
    (one,) = read(schedule(event, time_zone_name="Africa/Nairobi")).sessions
    assert (one.starts, one.ends, one.languages) == (0, 3_600_000, ("fr",))
    (other,) = read(schedule({**event, "duration": None})).sessions
    assert (other.starts, other.ends) == (3 * 3_600_000, None)


def test_people_have_a_public_name_or_another() -> None:
    persons = [{"id": 1, "public_name": "Ana"}, {"code": "B", "name": "Bo"}, {"id": 3}]
    (one,) = read(schedule({"title": "One", "persons": persons})).sessions
    assert [(speaker.id, speaker.name) for speaker in one.speakers] == [("p-1", "Ana"), ("p-b", "Bo")]


@pytest.mark.parametrize("text", ["{", '{"schedule": 1}', '{"a": ' * 3_000, '{"talks": []}'])
def test_other_json_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ProgrammeError, match=r"schedule\.json"):
        read(text)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ProgrammeError) as raised:
        read(
            schedule(
                {"title": "A", "date": "soon", "duration": "long", "language": "xx!"},
                {"date": "1970-01-01"},
                time_zone_name="Mars/Base",
            )
        )
    assert [" ".join(sentence.split()[:5]) for sentence in raised.value.sentences] == [
        "The time zone 'Mars/Base' is",
        "“A”: 'soon' is no time;",
        "“A”: 'long' is no length",
        "“A”: 'xx!' names no language;",
        "Session 2 of the file:",
    ]
