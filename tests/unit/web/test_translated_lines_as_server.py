"""What the page's scripts know of a translation, compared with the fold in Python. They run in Node.js."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import CaptionsView
from moothall.wire.frames import decode, events_frame, snapshot_frame
from moothall.wire.low_data import LowData
from support.browser.node import run_script
from support.browser.translated_lines import SPANISH, TEXTS, TRANSLATOR, made, made_again, made_from, name
from support.halls.stage import CAPTIONER, FLOOR
from support.sessions.recorder import EPOCH, MORNING, SESSION, Recorder

FOLD = """
    const { Speller } = await load('reader/low');
    const [speller, session] = [new Speller(), {status: 'created', speakers: {}, channels: {}, gaps: []}];
    const reader = new m.Reader({epoch: '', offset: 0, channel: 'mt-es', session, lines: []});
    for (const frame of v.map((text) => JSON.parse(text))) {
        if (Array.isArray(frame)) reader.batch(speller.spell(frame), 1);
        else reader.apply(frame);
    }
    const lines = [...reader.lines.values()].sort((a, b) => a.number - b.number);
    const { position, session: about, first, last } = reader;
    return { position, session: about, lines, first, last: last.number };
"""
Told = Sequence[tuple[ev.AnyEvent, Actor]]


def story(seed: int) -> Told:
    """A translation whose lines are made in no order at all, with what else happens to them."""
    chance = random.Random(seed)  # noqa: S311  # which order is tried, no secret
    times = [chance.randrange(0, 90_000, 500) for _ in range(14)]
    told: list[tuple[ev.AnyEvent, Actor]] = [
        (ev.SessionCreated(title="One", languages=("en",)), CAPTIONER),
        (ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), CAPTIONER),
        *((each, CAPTIONER) for each in TEXTS),
        (ev.SessionOpened(wall=MORNING), CAPTIONER),
        (ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"), CAPTIONER),
    ]
    for number, t0 in enumerate(times):
        if number in (3, 9):  # Who speaks on the floor speaks here too.
            told.append((ev.SpeakerChanged(channel=FLOOR, speaker=SpeakerId("ana"), t=t0), CAPTIONER))
        if number == 7:
            told.append((ev.SpeakerChanged(channel=FLOOR, speaker=None, t=t0), CAPTIONER))
        told += [(each, TRANSLATOR) for each in made(f"s{number}", t0, f"Línea {number}")]
        if number % 4 == 1:
            told.append((made_again(f"s{number}", f"Línea {number}, otra vez"), TRANSLATOR))
        if number % 4 == 2:
            assigned = ev.SpeakerAssigned(segments=(SegmentId(f"s{number - 1}"),), speaker=SpeakerId("ana"))
            told.append((assigned, CAPTIONER))
    struck = le.ChannelRewound(channel=SPANISH, t=0, segments=(name("s3"),))
    return [*told, (struck, CAPTIONER)]


def folded(frames: list[str]) -> dict[str, Any]:
    got: dict[str, Any] = run_script("reader/reader", FOLD, frames)
    return got


def shown(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in ("number", "late", "revision")}


@pytest.mark.parametrize("seed", range(6))
def test_the_reader_puts_translated_lines_where_the_server_does(seed: int) -> None:
    """From a snapshot after some of the lines, in which older ones may be missing, and frames of two events."""
    told = story(seed)
    start = [0, 8, 12, 18, 25, len(told)][seed]
    view = CaptionsView.empty(SESSION, EPOCH, Feed(SPANISH))
    recorder = Recorder()
    records = [recorder.record(event, by) for event, by in told]
    for offset, (event, by) in enumerate(told[:start], 1):
        view = view.apply(offset, by.role, event)
    whole = view.snapshot()
    if seed % 2 and len(whole.lines) > 2:  # somebody who has only the newest lines of it
        whole = msgspec.structs.replace(whole, lines=whole.lines[2:], before=2)
    view = CaptionsView.of(whole, Feed(SPANISH))
    frames = [snapshot_frame(whole, MORNING).json.decode()]
    for offset, (event, by) in enumerate(told[start:], start + 1):
        view = view.apply(offset, by.role, event)
    frames += [
        events_frame(records[first : first + 2], first, (), MORNING).json.decode()
        for first in range(start, len(records), 2)
    ]
    got = folded(frames)
    wanted: Any = json.loads(msgspec.json.encode(view.snapshot()))
    assert [shown(line) for line in got["lines"]] == [shown(line) for line in wanted["lines"]]
    assert [line["number"] for line in got["lines"]] == list(range(view.skipped, view.skipped + len(view.lines)))
    assert (got["first"], got["last"]) == (view.skipped, view.skipped + len(view.lines) - 1)
    assert got["session"]["channels"] == wanted["session"]["channels"]
    assert got["session"]["speaking"] == wanted["session"]["speaking"] == "ana"


@pytest.mark.parametrize("seed", range(3))
def test_so_does_the_reader_of_few_data(seed: int) -> None:
    told = story(seed)
    recorder = Recorder()
    feed = Feed(SPANISH, live=False)
    view = CaptionsView.empty(SESSION, EPOCH, feed)
    low = LowData(view, 0)
    batches = [snapshot_frame(view.snapshot(), MORNING).json.decode()]
    for offset, (event, by) in enumerate(told):
        view = view.apply(offset + 1, by.role, event)
        low.take(decode(events_frame([recorder.record(event, by)], offset, (), MORNING).json))
        if offset % 5 == 0:
            batches.append(low.batch().decode())
    batches.append(low.batch().decode())
    got = folded(batches)
    lines = [(number, line.segment, line.text) for number, line in enumerate(view.lines) if not line.gone]
    assert [(line["number"], line["segment"], line["text"]) for line in got["lines"] if not line["gone"]] == lines
    assert got["position"] == f"{EPOCH}:{len(told)}"
    assert got["session"]["speaking"] == view.session.speaking == "ana"


def test_what_is_translated_long_after_it_was_said_is_no_news() -> None:
    recorder = Recorder()
    told = [
        *TEXTS,
        *made("s1", 60_000, "Uno"),
        *made("s2", 70_000, "Dos"),
        *made("s0", 40_000, "Cero"),
        *made("s3", 69_000, "Entre los dos"),
    ]
    records = [recorder.record(event, TRANSLATOR) for event in told]
    got = folded([events_frame(records, 0, (), MORNING).json.decode()])
    assert [(line["text"], line.get("late", False)) for line in got["lines"]] == [
        ("Cero", True), ("Uno", False), ("Entre los dos", False), ("Dos", False),
    ]  # fmt: skip


def test_how_a_line_was_made_stays_with_it_when_a_person_mends_it() -> None:
    recorder = Recorder()
    mended = le.SegmentCorrected(
        channel=SPANISH, segment=name("s1"), base_revision=1, base_words=0, text="Uno, mejor.", tail=""
    )
    told = [(each, TRANSLATOR) for each in (*TEXTS, *made("s1", 1_000, "Uno"), made_again("s1", "Uno."))]
    records = [recorder.record(event, by) for event, by in [*told, (mended, Actor(Role.CAPTIONER, "c1"))]]
    got = folded([events_frame(records, 0, (), MORNING).json.decode()])
    (line,) = got["lines"]
    assert (line["text"], line["mended"]) == ("Uno, mejor.", True)
    assert line["made_from"] == json.loads(msgspec.json.encode(made_from("s1", revision=1)))
