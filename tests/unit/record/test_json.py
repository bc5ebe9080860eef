from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from moothall.adapters.store.signing import Ed25519Signer, verifier
from moothall.core.events import hubs as he
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId
from moothall.core.views.quality import Delay
from moothall.record.json import Document, write_json
from moothall.record.wording import Options
from record_reference import SCHEMA
from support.sessions.record_maker import WORDING, meeting, questioned, unanswered


def read(**options: bool) -> dict[str, object]:
    found = json.loads(write_json(meeting().record(), WORDING, Options(**options)))
    assert isinstance(found, dict)
    return found


def test_what_stands_where() -> None:
    told = meeting()
    found = read()
    assert {name: found[name] for name in ("format", "version", "language", "finished", "until", "checkpoint")} == {
        "format": "moothall.record",
        "version": 1,
        "language": "en",
        "finished": True,
        "until": 212_000,
        "checkpoint": None,
    }
    assert found["session"] == {
        "id": "plenary",
        "title": "Water & <land> --> 2026",
        "languages": ["en", "ar"],
        "status": "closed",
        "opened": 1_764_000_000_000,
    }
    assert found["text"] == {"channel": "floor", "kind": "floor", "languages": ["en", "ar"]}
    assert found["position"] == {"epoch": "k3j9x2", "offset": told.recorder.offset}
    assert found["heads"] == {
        lane: {"offset": told.recorder.heads[lane].offset, "digest": told.recorder.heads[lane].digest}
        for lane in sorted(told.recorder.heads)
    }
    assert found["seal"] == {"offset": told.recorder.offset, "at": 1_764_000_001_400, "version": "checked", "n": 1}
    assert found["quality"] == {
        "words": 153, "lines": 4, "delay": None, "gaps": 0,
        "corrected": {"lines": 1, "by_machine": 0, "by_person": 1},
        "words_a_minute": 215, "languages": {"en": 153},
    }  # fmt: skip
    lines, missing = found["lines"], found["missing"]
    assert isinstance(lines, list)
    assert lines[2] == {
        "id": "floor-1-11", "language": "ar", "direction": "rtl",
        "text": "شكرا جزيلا لكم على هذه الكلمة، سيدتي الرئيسة.",
        "origin": "machine", "mended": False, "accepted": False, "revision": 0, "source": "Written by a machine",
        "t0": 17_000, "t1": 21_000, "speaker": "p1", "name": "أحمد",
    }  # fmt: skip
    assert missing == [
        {
            "absence": "gap",
            "reason": "source-lost",
            "text": "No text from 1:00 to 1:05: source-lost",
            "t0": 60_000,
            "t1": 65_000,
        },
        {
            "absence": "not-recorded",
            "reason": None,
            "text": "Not recorded from 1:10 to 2:10",
            "t0": 70_000,
            "t1": 130_000,
        },
    ]


@pytest.mark.parametrize(
    ("option", "fields"), [("speakers", {"speaker", "name"}), ("times", {"t0", "t1"})], ids=["speakers", "times"]
)
def test_what_is_not_wanted_is_absent(option: str, fields: set[str]) -> None:
    lines, all_lines = read(**{option: False})["lines"], read()["lines"]
    assert isinstance(lines, list)
    assert isinstance(all_lines, list)
    assert all_lines[0].keys() - lines[0].keys() == fields


def test_it_is_what_its_types_say() -> None:
    body = write_json(meeting(closed=False).record(), WORDING, Options())
    document = msgspec.json.decode(body, type=Document, strict=True)
    assert msgspec.json.encode(document) + b"\n" == body


def test_whoever_has_the_file_can_check_the_newest_checkpoint(tmp_path: Path) -> None:
    signer = Ed25519Signer.open(tmp_path / "signing.key")
    told = meeting()
    told.records.append(told.recorder.checkpoint(signer))
    found = json.loads(write_json(told.record(), WORDING, Options()))
    newest = found["checkpoint"]
    # As docs/reference/record.md says it.
    lanes = [[lane, head["offset"], head["digest"]] for lane, head in sorted(newest["lanes"].items())]
    signed = json.dumps([found["session"]["id"], found["position"]["epoch"], lanes], separators=(",", ":"))
    check = verifier(signer.public_document())
    assert check(newest["key"], b"moothall-checkpoint-1\n" + signed.encode(), base64.b64decode(newest["signature"]))
    assert not check(newest["key"], b"moothall-checkpoint-1\n" + b"[]", base64.b64decode(newest["signature"]))


def fits(value: object, schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    """Whether a value is what a JSON Schema says, as far as ours says anything."""
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in schema:
        return any(fits(value, each, root) for each in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    match schema["type"]:
        case "object":
            given = schema.get("properties", {})
            others = schema.get("additionalProperties")
            return (
                isinstance(value, dict)
                and set(schema.get("required", ())) <= value.keys()
                and all(
                    (expected := given.get(name, others)) is not None and fits(each, expected, root)
                    for name, each in value.items()
                )
            )
        case "array":
            return isinstance(value, list) and all(fits(each, schema["items"], root) for each in value)
        case kind:
            return type(value) is {"string": str, "integer": int, "boolean": bool, "null": type(None)}[kind]


@pytest.mark.parametrize("options", [Options(), Options(speakers=False, times=False)], ids=["whole", "bare"])
def test_the_file_is_what_its_schema_says(options: Options) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    record = meeting(closed=False).record()
    assert record.quality is not None
    timed = msgspec.structs.replace(record.quality, delay=Delay(p50=950, p95=1_550))
    found = json.loads(write_json(msgspec.structs.replace(record, quality=timed), WORDING, options))
    assert found["quality"]["delay"] == {"p50": 950, "p95": 1_550}
    for quality in (found["quality"], {**found["quality"], "delay": None}, None):
        assert fits({**found, "quality": quality}, schema, schema)
    assert not fits({**found, "quality": {}}, schema, schema)
    assert not fits({**found, "lines": [{**found["lines"][0], "text": None}]}, schema, schema)
    assert not fits({name: each for name, each in found.items() if name != "heads"}, schema, schema)


def test_what_was_asked() -> None:
    told = questioned()
    found = json.loads(write_json(told.record(), WORDING, Options()))
    assert found["figures"] == {"received": 6, "answered": 3, "wait": 56_000}
    first, second, third, fourth, fifth = found["interventions"]
    assert first == {
        "id": "q1", "number": 1, "kind": "question", "language": "en", "direction": "ltr",
        "text": "Why?\nWhy & how?", "name": "Ana <x>", "origin": "remote", "status": "answered",
        "stands": "Answered", "reason": "", "joined_with": None, "line": found["lines"][0]["id"], "answer": None,
        "support": 3, "removed": False, "t": 5_000,
    }  # fmt: skip
    assert second["answer"] == {"text": "نحن.\nمعكم.", "language": "ar", "direction": "rtl"}
    assert (third["status"], third["text"], third["line"]) == ("withdrawn", "", None)
    assert (fourth["stands"], fourth["reason"]) == ("Declined", "")  # Also where the log has it, as earlier ones do.
    assert (fifth["stands"], fifth["joined_with"]) == ("Joined with no. 1", 1)
    bare = json.loads(write_json(told.record(), WORDING, Options(speakers=False, times=False)))
    assert {"name", "t"}.isdisjoint(bare["interventions"][0])
    assert json.loads(write_json(told.record(ChannelId("fr")), WORDING, Options()))["interventions"][0]["line"] is None


def test_rooms_far_away_stand_there_with_the_most_that_were_counted() -> None:
    told = meeting(closed=False)
    for hub, title, people in (("north", "North\tA", None), ("lima", "Lima", 9), ("lima", "Lima", 4)):
        told.tell(he.HubPresenceChanged(hub=hub, title=title, people=people, here=True, since=1, t=2))
    found = json.loads(write_json(told.record(), WORDING, Options()))
    assert found["hubs"] == [
        {"hub": "north", "title": "North A", "most": None},
        {"hub": "lima", "title": "Lima", "most": 9},
    ]


@pytest.mark.parametrize(
    ("closed", "stands"),
    [
        (False, ["Queued", "Later", "Called"]),
        (True, [*2 * ["The meeting ended before its turn came"], "It had its turn when the meeting ended"]),
    ],
)
def test_after_the_close_it_says_what_became_of_what_was_left(*, closed: bool, stands: list[str]) -> None:
    found = json.loads(write_json(unanswered(closed=closed).record(), WORDING, Options()))
    assert [each["stands"] for each in found["interventions"]] == stands


def test_what_was_taken_up_are_its_chapters() -> None:
    told = meeting()
    assert "chapters" not in json.loads(write_json(told.record(), WORDING, Options()))
    told.tell(ev.TopicTaken(title="Item 1", t=3_000))
    (chapter,) = json.loads(write_json(told.record(), WORDING, Options()))["chapters"]
    assert chapter == {
        **{"kind": None, "number": 0, "title": "Item 1", "language": "", "direction": "auto"},
        "t": 3_000,
    }
    (timeless,) = json.loads(write_json(told.record(), WORDING, Options(times=False)))["chapters"]
    assert "t" not in timeless
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert fits(json.loads(write_json(told.record(), WORDING, Options())), schema, schema)
