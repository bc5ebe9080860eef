"""What this program wrote comes back as it was, and no file makes a reader fail otherwise than by its own error."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.ids import PolicyQuestionId
from moothall.core.kernel.languages import is_language
from moothall.core.kernel.visible import visible
from moothall.core.sessions.state import Status
from moothall.record.imports.about import AboutMeeting, by_name, read_table
from moothall.record.imports.past import PastText
from moothall.record.json import write_json
from moothall.record.model import Record
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.text import write_text
from moothall.record.wording import Options
from support.record.imported import imported
from support.sessions.record_maker import (
    CHINESE,
    FLOOR,
    HOSTILE,
    WORDING,
    Questions,
    Telling,
    meeting,
    questioned,
    records,
    timed,
)

FEWER = settings(max_examples=min(100, settings().max_examples))
"""Each example is a whole record."""
LEFT_OUT = {"position", "heads", "checkpoint", "seal", "quality", "imported"}
"""What belongs to the log in which a meeting was written (docs/how-to/import-past-records.md)."""

_SAID = st.lists(
    st.sampled_from(
        ["Good", "morning,", "everybody.", "Is", "3 < 5 & 7?", "--> so", "Añez:", "well;", "no.", "1984", "<b>x</b>"]
    ),
    min_size=1,
    max_size=60,
).map(" ".join)
_NAMES = st.sampled_from(["", "Ann", "Ms. Añez & <co>", "أحمد", "李伟", "Chair: the first", "A+B"])


@st.composite
def ordinary(draw: st.DrawFn) -> Record:
    """Draw a closed record of texts that people say and write."""
    told = Telling(draw(st.sampled_from(["Plenary", "Water & <land> --> 2026"])))
    t0 = 0
    for _ in range(draw(st.integers(1, 8))):
        t0 += draw(st.integers(0, 9_000))
        text, language = draw(
            st.tuples(_SAID, st.just("en")) | st.sampled_from([(CHINESE, "zh"), ("شكرا جزيلا لكم. " * 9, "ar")])
        )
        words = (
            timed(text.strip(), t0, draw(st.integers(100, 900)), draw(st.integers(0, 300)))
            if draw(st.booleans())
            else ()
        )
        t1 = words[-1].t1 if words else t0 + draw(st.integers(0, 20_000))
        told.line(text.strip(), t0, t1, name=draw(_NAMES), language=language, words=words)
        t0 = draw(st.sampled_from([t0, t1]))
    # So late that its notice cuts no caption short, which would be longer without it.
    late = 10_000_000
    told.tell(ev.GapNoted(channel=FLOOR, t0=late, t1=late + 9_000, reason=ev.GapReason.OVERLOAD))
    told.tell(ev.SessionClosed(t=late + 20_000))
    return told.record()


def cues_of(vtt: str) -> list[str]:
    """The title and the cues of a WebVTT file, without its note and what says why there is no text."""
    head, _, *cues = vtt.removesuffix("\n").split("\n\n")
    return [head, *(cue for cue in cues if not cue.startswith("notice:"))]


@given(ordinary(), st.builds(Options, speakers=st.booleans(), marks=st.booleans()))
@FEWER
def test_our_webvtt_comes_back_exactly(record: Record, options: Options) -> None:
    vtt = write_vtt(record, WORDING, options)
    back = imported(vtt, "2025-11-24 10.00 (en).vtt")
    assert cues_of(write_vtt(back.record, WORDING, options)) == cues_of(vtt)


def document(record: Record) -> dict[str, Any]:
    """A record as JSON, without what belongs to its log."""
    made = json.loads(write_json(record, WORDING, Options()))
    figures = {name: value for name, value in made["figures"].items() if name != "wait"}
    return {name: value for name, value in made.items() if name not in LEFT_OUT} | {"figures": figures}


def fit(record: Record) -> bool:
    """Whether a drawn record is one that a log can hold: its writer refuses other languages and hides some marks."""
    lines = all(is_language(line.language) and visible(line.text) == line.text for line in record.lines)
    said = (record.session.title, *record.session.speakers.values())
    names = all(visible(each) == each and each.strip() for each in said)
    ordered = list(record.lines) == sorted(record.lines, key=lambda line: line.t0)
    return lines and names and ordered and all(span.t1 is not None for span in record.missing) and bool(record.lines)


@given(records().filter(fit))
@FEWER
def test_our_json_comes_back_exactly(record: Record) -> None:
    record = msgspec.structs.replace(record, session=msgspec.structs.replace(record.session, status=Status.CLOSED))
    written = write_json(record, WORDING, Options())
    lines = [line for line in record.lines if line.t1 is not None and line.t1 >= line.t0]
    unkept = [span for span in record.missing if span.reason is None]
    if any(span.t0 <= line.t0 < (span.t1 or 0) for span in unkept for line in lines):
        with pytest.raises(ImportRefused):
            imported(written)
        return
    wanted, found = document(record), document(imported(written).record)
    for each in wanted["lines"]:  # A line that still grew has an end afterwards.
        each["t1"] = each["t0"] if each["t1"] is None else each["t1"]
    assert found | {"until": 0} == wanted | {"until": 0}


def taken_up() -> Telling:
    """Return a session with topics, one of them twice, and questions that had one turn, two, or were put back."""
    told = Telling()
    told.spoken("What <now>?", 1_000)
    asking = Questions(told)
    first, second, third = (asking.ask(text, 500) for text in ("Who?", "قالوا؟", "Never called"))
    topic = ev.TopicTaken(question=PolicyQuestionId("q1"), number=2, title="Who pays?", t=1_000)
    told.tell(topic, ev.TopicTaken(t=3_000), replace(topic, t=4_000), ev.TopicTaken(title="Item 1", t=9_000))
    told.tell(replace(topic, number=3, t=9_001), ev.TopicTaken(title="Who pays?", t=9_500))
    for name, status, t in (
        (second, InterventionStatus.CALLED, 4_000),
        (second, InterventionStatus.LATER, 5_000),
        (first, InterventionStatus.CALLED, 6_000),
        (first, InterventionStatus.ANSWERED, 7_000),
        (second, InterventionStatus.QUEUED, 7_500),
        (second, InterventionStatus.CALLED, 8_000),
        (third, InterventionStatus.CALLED, 8_000),
        (third, InterventionStatus.QUEUED, 8_100),
        (first, InterventionStatus.CALLED, 9_100),
    ):
        asking.stand(name, status, t)
    told.tell(ev.SessionClosed(t=10_000))
    return told


@pytest.mark.parametrize("told", [meeting(), questioned(), taken_up()])
def test_a_meeting_and_its_questions_come_back_as_json(told: Telling) -> None:
    if told.record().session.status != "closed":
        told.tell(ev.SessionClosed(t=220_000))
    assert document(imported(write_json(told.record(), WORDING, Options())).record) == document(told.record())


def read_or_refused(data: bytes) -> PastText | None:
    with suppress(ImportRefused):
        return imported(data, "2019-11-25 10.00 x (en).vtt").past
    return None


_BEGINNINGS = (
    "", "WEBVTT\n\n", "WEBVTT - x\n\nNOTE\nx\n\n", "1\n00:00:01,000 --> 00:00:02,000\n", "{",
    '{"format":"moothall.record"', '<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="1s">',
    '<akomaNtoso><debate><debateBody><speech by="#a"><p>', "ANN: Hello.\n", "[0:01] Ann: Hello.\n", "<!DOCTYPE x [",
)  # fmt: skip
_PARTS = (
    "\n", "\n\n", "00:00:01.000 --> 00:00:02.000\n", "00:00:01,000 --> 00:00:02,000\n", "-->", "<v Ann>", "<v>", "&lt;",
    "&#x202e;", "</p>", "<br/>", '<p begin="9q">', "</div></body></tt>",
    "</p></speech></debateBody></debate></akomaNtoso>",
    "Ann: ", ">> ", "[1:00] ", "<lang ar>", "word ", "水。", "\x00", "\x1b", "\u202e", "}", '"lines":[', "]",
    "99999:00:00.000 --> 99999:00:01.000\n",
)  # fmt: skip
_FILES = st.builds(
    lambda first, parts: first + "".join(parts),
    st.sampled_from(_BEGINNINGS),
    st.lists(st.sampled_from(_PARTS) | HOSTILE.map(lambda text: text[:60]), max_size=25),
)


@given(_FILES)
def test_no_text_makes_a_reader_fail(text: str) -> None:
    read_or_refused(text.encode("utf-8", "replace"))


@given(st.binary(max_size=200))
def test_no_bytes_make_a_reader_fail(data: bytes) -> None:
    read_or_refused(data)
    with suppress(ImportRefused):
        read_table(data, UTC)


@given(records(), st.data())
@FEWER
def test_no_altered_file_makes_a_reader_fail(record: Record, data: st.DataObject) -> None:
    write = data.draw(st.sampled_from([write_vtt, write_srt, write_text, None]))
    written = "" if write is None else write(record, WORDING, Options())
    raw = write_json(record, WORDING, Options()) if write is None else written.encode("utf-8", "replace")
    at = data.draw(st.integers(0, max(0, len(raw) - 1)))
    read_or_refused(raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + data.draw(st.integers(0, 9)) :])


@given(st.text(max_size=100))
def test_any_name_of_a_file_can_be_read(name: str) -> None:
    assert isinstance(by_name(name, UTC), AboutMeeting)
