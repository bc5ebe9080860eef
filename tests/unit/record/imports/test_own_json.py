from __future__ import annotations

import json
from typing import Any

import pytest

from moothall.core.events.lines import Origin
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.own_json import read_own_json, without_names
from moothall.record.json import write_json
from moothall.record.wording import Options
from support.sessions.record_maker import WORDING, meeting, questioned

LINE = {"id": "a", "language": "en", "text": "Hello.", "origin": "machine", "t0": 0, "t1": 900}
LEAST: dict[str, Any] = {
    "format": "moothall.record",
    "version": 1,
    "session": {"id": "s", "title": "T", "languages": ["en"]},
    "text": {"channel": "floor", "kind": "floor", "languages": ["en"]},
    "lines": [LINE],
}
ASKED = {
    "id": "q",
    "number": 1,
    "kind": "question",
    "language": "en",
    "text": "Why?",
    "status": "answered",
    "origin": "room",
}
CHAPTER: dict[str, object] = {"kind": None, "number": 0, "title": "Item 1", "t": 1_000}


def read(**changed: object) -> Any:
    return read_own_json(json.dumps({**LEAST, **changed}))


def test_a_record_of_this_release() -> None:
    past = read_own_json(write_json(meeting().record(), WORDING, Options()).decode())
    assert (past.session, past.channel, past.title, past.languages) == (
        "plenary",
        "floor",
        "Water & <land> --> 2026",
        ("en", "ar"),
    )
    assert len(past.lines) == len(meeting().record().lines)
    assert past.spans


def test_a_record_of_another_release_may_lack_fields() -> None:
    past = read()
    assert (past.lines[0].origin, past.opened, past.asked, past.until) == (Origin.MACHINE, None, (), 0)
    assert read(lines=[{**LINE, "mended": True, "t1": None}]).lines[0].revision == 1


def test_questions_have_what_became_of_them() -> None:
    past = read_own_json(write_json(questioned().record(), WORDING, Options()).decode())
    assert [each.number for each in past.asked] == [1, 2, 3, 4, 5, 6]
    assert past.asked[-1].status is InterventionStatus.CHECKED
    assert past.asked[4].into == past.asked[0].intervention
    assert past.asked[0].name
    assert not any(each.name for each in without_names(past.asked))


def test_a_question_joined_with_one_that_is_not_there() -> None:
    past = read(interventions=[{**ASKED, "joined_with": 3, "status": "joined"}])
    assert [each.number for each in past.asked] == [1, 3]
    assert past.asked[0].into == past.asked[1].intervention


def test_the_turn_of_a_question_that_is_not_there_is_left_out() -> None:
    turns = [{**CHAPTER, "kind": "question", "number": number} for number in (ASKED["number"], 7)]
    past = read(interventions=[ASKED], chapters=[*turns, {**CHAPTER, "t": 2_000}])
    assert [(each.t, each.intervention, each.title) for each in past.chapters] == [
        (1_000, ASKED["id"], ""),
        (2_000, None, "Item 1"),
    ]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"version": 2}, "This is no record"),
        ({"lines": []}, "Nothing in this JSON"),
        ({"lines": [{**LINE, "t0": None}]}, "without times"),
        ({"session": {"id": "s", "title": "T", "languages": []}}, "names no language"),
        ({"interventions": [{**ASKED, "id": "A name"}]}, "ids or numbers"),
        ({"interventions": [ASKED, {**ASKED, "id": "r"}]}, "same number or id"),
        ({"chapters": [{**CHAPTER, "t": -1}]}, "times are wrong"),
        ({"chapters": [{**CHAPTER, "number": -1}]}, "times are wrong"),
        ({"chapters": [CHAPTER] * 1_001}, "too many"),
        ({"chapters": [CHAPTER, CHAPTER]}, "The topic at 0:01 of this record has no title, or begins with another one"),
        ({"chapters": [{**CHAPTER, "title": " "}]}, "The topic at 0:01"),
    ],
)
def test_a_wrong_file_is_refused(changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(ImportRefused, match=sentence):
        read(**changed)


def test_what_is_no_json_is_refused_with_its_line() -> None:
    with pytest.raises(ImportRefused) as refused:
        read_own_json('{"format":\n\n x}')
    assert refused.value.row == 3


def test_a_record_that_was_not_finished_says_so() -> None:
    assert len(read(finished=False).notes) == 1


def test_names_that_are_no_ids_are_left_out() -> None:
    past = read(
        session={"id": "A B", "title": "T", "languages": ["en"]},
        text={"channel": "A B", "kind": "floor", "languages": ["x y"]},
        lines=[{**LINE, "speaker": "A B", "name": "Ann", "made_from": {"sources": [], "route": ""}}],
        hubs=[
            {"hub": "A B", "title": "x", "most": None},
            {"hub": "blank", "title": " ", "most": None},
            {"hub": "crowd", "title": "x", "most": -1},
            *[{"hub": "north", "title": "North", "most": 3}] * 2,
        ],
        missing=[{"absence": "break", "t0": 1, "t1": None}, {"absence": "gap", "t0": 1, "t1": 2}],
    )
    assert (past.session, past.channel, past.language, past.lines[0].speaker) == ("", "", "en", "")
    assert [hub.hub for hub in past.hubs] == ["north"]
    assert [span.gap for span in past.spans] == ["unheard"]
