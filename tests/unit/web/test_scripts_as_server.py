"""Pure scripts, each compared with its counterpart in Python. They run in Node.js, without a browser."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues
from moothall.adapters.pages.meeting_texts import delay_told, quality_line
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.sound import sender
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import media_time
from moothall.core.kernel.written_words import written_words
from moothall.core.questions.floods import HASTY_MS
from moothall.core.signals import Partial
from moothall.core.views.captions import CaptionsView
from moothall.core.views.quality import Corrected, Delay, Quality
from moothall.wire.frames import decode, events_frame, snapshot_frame
from moothall.wire.low_data import LowData
from support.browser.node import run_script
from support.halls.stage import CAPTIONER, ENGINE, FLOOR, corrected, ended, opened, partial, words
from support.sessions.recorder import EPOCH, MORNING, SESSION, Recorder
from support.sessions.splitting import split, timed

SYSTEM = Actor(Role.SYSTEM, "server")


FOLD = """
    const frames = v.frames.map((frame) => JSON.parse(frame));
    const session = {status: 'created', speakers: {}, channels: {}, gaps: []};
    const reader = new m.Reader({epoch: '', offset: 0, channel: 'floor', session, lines: []});
    const changes = frames.map((frame) => reader.apply(frame));
    const lines = [...reader.lines.values()].sort((a, b) => a.number - b.number);
    return {
        position: reader.position, lost: changes.map((change) => change.lost), session: reader.session,
        lines: lines.map((line) => {
            const {segment, number, t0, t1, language, origin, speaker, text, words, mended, accepted, gone} = line;
            const {tool, voice_changes, doubts, rough} = line;
            const sure = !doubts?.length, more = {...(tool && {tool}), ...(rough && {rough})};
            Object.assign(more, {...(voice_changes && {voice_changes}), ...(!sure && {doubts})});
            return {segment, number, t0, t1, language, origin, speaker, text, words, mended, accepted, gone, ...more};
        }),
        growing: reader.growing().map(({line, rest}) => [line.segment, line.text, rest]),
    };
"""


def sent(segment: str) -> le.SegmentOpened:
    """By an outside tool."""
    return msgspec.structs.replace(opened(segment, 5_500, origin=le.Origin.PERSON), tool="StenoCo")


def unsure(segment: str, *texts: str) -> le.WordsCommitted:
    """Words of which the recogniser was not sure."""
    said = tuple(le.Word(text, 0, 0, 0.2) for text in texts)
    return le.WordsCommitted(channel=FLOOR, segment=SegmentId(segment), first=0, words=said)


def attached(
    generation: int, voices: ev.VoicesTold | UnsetType = UNSET, channel: ChannelId = FLOOR
) -> ev.EngineAttached:
    return ev.EngineAttached(channel=channel, generation=generation, model="scripted", voices=voices)


CHANGE = le.EndReason.SPEAKER
LINK, PUBLISHED = ev.Access.LINK, ev.SoundKept.PUBLISHED

STORY: Sequence[tuple[ev.AnyEvent, Actor]] = [
    (ev.SessionCreated(title="One", languages=("en", "ar")), SYSTEM),
    (ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), SYSTEM),
    (ev.ChannelAdded(channel=ChannelId("fr"), kind=ev.ChannelKind.INTERPRETATION, languages=("fr",)), SYSTEM),
    (ev.SessionOpened(wall=MORNING), SYSTEM),
    (ev.SourceAttached(source=SourceId("desk"), channel=FLOOR, t=0, rate=16_000), SYSTEM),
    (attached(1), SYSTEM),
    (ev.SpeakerIntroduced(speaker=SpeakerId("amina"), name="Amina"), SYSTEM),
    (opened("a", 100, speaker="amina"), ENGINE),
    (words("a", 0, "One two"), ENGINE),
    (words("a", 2, "three."), ENGINE),
    (corrected("a", "One, two, three."), ENGINE),
    (ended("a", "One, two, three."), ENGINE),
    (opened("b", 5_000, language="ar", origin=le.Origin.PERSON), CAPTIONER),
    (ended("b", "اثنان"), CAPTIONER),
    (corrected("b", "اثنان."), CAPTIONER),
    (opened("unsure", 5_100), ENGINE),
    (unsure("unsure", " The", " 😀", " bored", " met"), ENGINE),
    (ended("unsure", "The 😀 bored met"), ENGINE),
    (corrected("unsure", " The 😀 board met"), CAPTIONER),
    (msgspec.structs.replace(opened("undone", 5_200), rough=True), ENGINE),
    (corrected("undone", "As it is."), CAPTIONER),
    (ended("undone", "As it is."), ENGINE),
    (msgspec.structs.replace(corrected("undone", "As it was.", 1), unmended=True), CAPTIONER),
    (ev.GapNoted(channel=FLOOR, t0=6_000, t1=9_000, reason=ev.GapReason.OVERLOAD), ENGINE),
    (ev.SpeakerAssigned(segments=(SegmentId("b"), SegmentId("nowhere")), speaker=SpeakerId("amina")), CAPTIONER),
    (ev.SpeakerAssigned(segments=(SegmentId("a"),), speaker=None), CAPTIONER),
    (ev.ClockMapped(t=60_000, wall=MORNING + 60_400), SYSTEM),
    (ev.SessionPaused(t=61_000, t0=60_500), SYSTEM),
    (ev.SessionResumed(t=62_000, t1=61_500), SYSTEM),
    (ev.SessionDescribed(title="One, mended"), SYSTEM),
    (ev.SessionDescribed(title="One, mended", languages=("en", "ar", "sw")), SYSTEM),
    (ev.GapNoted(channel=ChannelId("fr"), t0=6_000, t1=9_000, reason=ev.GapReason.OVERLOAD), ENGINE),
    (ev.SpeakerChanged(channel=FLOOR, speaker=SpeakerId("amina"), t=62_100), CAPTIONER),
    (ev.SpeakerChanged(channel=ChannelId("fr"), speaker=None, t=62_100), CAPTIONER),
    (ev.LanguageForced(channel=FLOOR, language="ar"), CAPTIONER),
    (ev.LanguageForced(channel=ChannelId("fr"), language="fr"), CAPTIONER),
    (le.AirChanged(channel=ChannelId("fr"), source=le.AirSource.PERSON, t=62_120, t0=62_120), CAPTIONER),
    (le.AirChanged(channel=FLOOR, source=le.AirSource.TOOL, t=62_130, t0=62_120, tool="StenoCo"), CAPTIONER),
    (attached(2, ev.VoicesTold.CHANGES), SYSTEM),
    (attached(1, ev.VoicesTold.KNOWN, ChannelId("fr")), SYSTEM),
    (ev.SessionArranged(access=LINK, sound=PUBLISHED), SYSTEM),
    (attached(3, ev.VoicesTold.KNOWN), SYSTEM),
    (attached(4), SYSTEM),
    (ev.SessionArranged(access=LINK, sound=PUBLISHED, voice_use=ev.VoiceUse.CHANGES), SYSTEM),
    (ev.SessionArranged(access=LINK, sound=PUBLISHED, voice_use=ev.VoiceUse.NONE), SYSTEM),
    (ev.SessionArranged(access=LINK, sound=PUBLISHED, voice_use=ev.VoiceUse.CHANGES), SYSTEM),
    (attached(5, ev.VoicesTold.CHANGES), SYSTEM),
    (ev.SessionCancelled(), SYSTEM),
    (ev.SessionCancelled(reason="Storm"), SYSTEM),
    (ev.SessionReinstated(), SYSTEM),
    (ev.SessionCancelled(reason="No quorum"), SYSTEM),
    (ev.NotRecordedBegan(t0=62_200), SYSTEM),
    (ev.NotRecordedEnded(t1=62_300), SYSTEM),
    (ev.NotRecordedBegan(t0=62_400), SYSTEM),
    (opened("c", 63_000), ENGINE),
    (words("c", 0, "Never ended"), ENGINE),
    (opened("d", 64_000), ENGINE),
    (words("d", 0, "Grows"), ENGINE),
    (sent("tool-1"), CAPTIONER),
    (ended("tool-1", "Sent."), CAPTIONER),
    (sent("tool-2"), CAPTIONER),
    (ended("tool-2", "Sent, too."), CAPTIONER),
    (opened("typed", 5_500, origin=le.Origin.SPEAKER), CAPTIONER),
    (ended("typed", "Typed meanwhile."), CAPTIONER),
    (opened("both", 50_000), ENGINE),
    (words("both", 0, "Who asks? I"), ENGINE),
    (words("both", 3, "do."), ENGINE),
    (msgspec.structs.replace(ended("both", "Who asks? I do.", 50_400), reason=CHANGE), ENGINE),
    (opened("after", 50_500), ENGINE),
    (words("after", 0, "Go on."), ENGINE),
    (ended("after", "Go on.", 50_900), ENGINE),
    *(
        (event, ENGINE)
        for event in split("both", "second", timed(50_000, "Who", "asks?"), timed(50_400, "I", "do."), reason=CHANGE)
    ),
    *(
        (event, CAPTIONER)
        for event in split("second", "third", timed(50_400, "I"), timed(50_500, "do."), reason=CHANGE)
    ),
    (le.ChannelRewound(channel=FLOOR, t=63_000, segments=(SegmentId("c"),)), CAPTIONER),
    (le.SegmentsMovedAway(channel=FLOOR, segments=(SegmentId("b"),), session=SessionId("other")), CAPTIONER),
    (le.SegmentsMovedAway(channel=ChannelId("fr"), segments=(SegmentId("a"),), session=SessionId("other")), CAPTIONER),
    (ev.SessionClosed(t=65_000), SYSTEM),
    (ev.RecordSealed(version=ev.SealVersion.RAW, n=1), SYSTEM),
    (ev.SessionReopened(t=66_000), SYSTEM),
]
SHOWN = (
    "status", "title", "languages", "opened", "clock", "seal", "speakers", "channels", "gaps", "access", "sound",
    "young_people", "rehearsal", "not_recorded", "paused", "speaking", "forced",
    "cancelled", "on_air", "tool", "voices", "voices_so_far",
)  # fmt: skip


@pytest.mark.parametrize("start", [0, 1, 9, 15, 23, 28, 36, 39, len(STORY)])
def test_the_reader_folds_as_the_server_does(start: int) -> None:
    """A snapshot at any place, then frames of three events that overlap it, give what the server has."""
    view = CaptionsView.empty(SESSION, EPOCH, Feed(FLOOR))
    recorder = Recorder()
    records = [recorder.record(event, by) for event, by in STORY]
    frames: list[str] = []
    for number, (event, by) in enumerate(STORY):
        if number == start:
            frames.append(snapshot_frame(view.snapshot(), MORNING).json.decode())
        view = view.apply(number + 1, by.role, event)
    if start == len(STORY):
        frames.append(snapshot_frame(view.snapshot(), MORNING).json.decode())
    frames += [
        events_frame(records[first : first + 3], first, (), MORNING).json.decode()
        for first in range(max(0, start - 2), len(records), 3)
    ]
    got = run_script("reader/reader", FOLD, {"frames": frames})
    assert isinstance(got, dict)
    snapshot = msgspec.to_builtins(view.snapshot())
    assert got["position"] == f"{EPOCH}:{len(STORY)}"
    assert not any(got["lost"])
    assert {name: got["session"].get(name) for name in SHOWN} == _json({n: snapshot["session"][n] for n in SHOWN})
    assert snapshot["session"]["not_recorded"] == 62_400
    assert [{**line, "number": None} for line in got["lines"]] == [
        {name: value for name, value in {**line, "number": None}.items() if name != "revision"}
        for line in _json(snapshot["lines"])
    ]
    assert [line["number"] for line in got["lines"]] == list(range(len(got["lines"])))
    assert got["growing"] == [["d", " Grows", ""]]


def test_no_event_of_a_frame_is_passed_over_since_one_before_it_changed_the_same() -> None:
    recorder = Recorder()
    told: list[ev.AnyEvent] = [
        ev.SessionOpened(wall=MORNING),
        ev.TopicTaken(t=1_000, title="Budget"),
        ev.TopicTaken(t=2_000, title="Elections"),
        ev.GapNoted(channel=FLOOR, t0=3_000, t1=4_000, reason=ev.GapReason.OVERLOAD),
        ev.NotRecordedBegan(t0=5_000),
        ev.NotRecordedEnded(t1=6_000),
    ]
    frame = events_frame([recorder.record(event, SYSTEM) for event in told], 0, (), MORNING).json.decode()
    got = run_script("reader/reader", FOLD, {"frames": [frame]})
    assert isinstance(got, dict)
    assert [topic["title"] for topic in got["session"]["topics"]] == ["Budget", "Elections"]
    assert [gap["t0"] for gap in got["session"]["gaps"]] == [3_000, 5_000]


def test_order_and_turns_are_those_of_the_server() -> None:
    """The cases that the rules in Python are held to."""
    cases = json.loads((Path(__file__).parents[2] / "support/files/reading_order.json").read_text())
    body = """
        const { inOrder } = await load('lines/state');
        const orders = v.orders.map(({said}) => inOrder(said.map((t0, n) => ({t0, n}))).map(({n}) => n));
        const turns = v.turns.map(({rows, changes = []}) => {
            const turn = new m.Turn();
            const then = (name, n) => turn.then(name, changes.includes(n));
            return rows.flatMap((name, n) => name === null ? (turn.apart = true, []) : [then(name, n)]);
        });
        return {orders, turns};
    """
    got = run_script("lib/reading_order", body, cases)
    assert isinstance(got, dict)
    assert got["orders"] == [case["order"] for case in cases["orders"]]
    assert got["turns"] == [
        [{"begins": begins, "name": name} for begins, name in zip(case["begins"], case["headings"], strict=True)]
        for case in cases["turns"]
    ]


def _json(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


def test_the_reader_sees_a_loss_and_passes_over_what_it_has() -> None:
    recorder = Recorder()
    records = [recorder.record(event, by) for event, by in STORY]
    whole = events_frame(records[:9], 0, (), MORNING).json.decode()
    missing = events_frame(records[10:12], 10, (), MORNING).json.decode()
    twice = events_frame(records[7:10], 7, (), MORNING).json.decode()
    got = run_script("reader/reader", FOLD, {"frames": [whole, missing, twice, twice]})
    assert isinstance(got, dict)
    assert got["lost"] == [False, True, False, False]
    assert [line["text"] for line in got["lines"]] == [" One two three."]


@pytest.mark.parametrize(
    ("signal", "growing"),
    [
        (partial("d", 1, "on"), [["d", " Grows", " on"]]),
        (partial("d", 0, "stale"), [["d", " Grows", ""]]),
        (partial("a", 3, "of a line that ended"), [["d", " Grows", ""]]),
        (partial("e", 0, "next"), [["d", " Grows", ""], ["e", "", " next"]]),
        (partial("e", 2, "of what is not here"), [["d", " Grows", ""]]),
    ],
)
def test_a_hypothesis_needs_its_place(signal: Partial, growing: list[list[str]]) -> None:
    recorder = Recorder()
    records = [recorder.record(event, by) for event, by in STORY]
    frame = events_frame(records, 0, (signal,), MORNING).json.decode()
    got = run_script("reader/reader", FOLD, {"frames": [frame]})
    assert isinstance(got, dict)
    assert got["growing"] == growing


@pytest.mark.parametrize("start", [0, 12, 22, 30])
def test_the_reader_of_few_data_ends_where_the_server_does(start: int) -> None:
    """Batches of the low-data door, spelt out and folded, give the lines that readers of whole frames have."""
    feed = Feed(FLOOR, live=False)
    recorder = Recorder()
    records = [recorder.record(event, by) for event, by in STORY]
    frames = [decode(events_frame([record], n, (), MORNING).json) for n, record in enumerate(records)]
    at = CaptionsView.empty(SESSION, EPOCH, feed)
    for number, (event, by) in enumerate(STORY[:start]):
        at = at.apply(number + 1, by.role, event)
    low, view = LowData(at, start), at
    batches = []
    for number, (event, by) in enumerate(STORY[start:], start):
        view = view.apply(number + 1, by.role, event)
        low.take(frames[number])
        if number % 4 == 0:
            batches.append(low.batch().decode())
    batches.append(low.batch().decode())
    got = run_script(
        "reader/reader",
        """
        const { Speller } = await load('reader/low');
        const speller = new Speller();
        const { snapshot } = JSON.parse(v.start);
        const reader = new m.Reader({epoch: snapshot.epoch, offset: 0, channel: 'floor', session: {}, lines: []});
        reader.apply({ snapshot, sent: 1 });
        for (const batch of v.batches) reader.batch(speller.spell(JSON.parse(batch)), 1);
        const lines = [...reader.lines.values()].filter((line) => !line.gone && line.t1 !== null);
        lines.sort((a, b) => a.number - b.number);
        return {
            position: reader.position, session: reader.session,
            lines: lines.map(({segment, number, t0, language, origin, speaker, text, mended, tool = '', ...more}) => ({
                segment, number, t0, language, origin, speaker, text: text.trim(), mended, tool,
                changes: more.voice_changes ?? false, rough: more.rough ?? false,
            })),
        };
        """,
        {"start": snapshot_frame(at.snapshot(), MORNING).json.decode(), "batches": batches},
    )
    assert isinstance(got, dict)
    whole = [(number, line) for number, line in enumerate(view.lines) if line.t1 is not None and not line.gone]
    assert got["position"] == f"{EPOCH}:{len(STORY)}"
    assert got["lines"] == [
        {
            "segment": line.segment, "number": number,
            "t0": line.t0 if number in kept(at) else line.t0 // 1_000 * 1_000,
            "language": line.language, "origin": line.origin.value, "speaker": line.speaker,
            "text": line.text.strip(), "mended": line.mended, "tool": line.tool or "",
            "changes": bool(line.voice_changes), "rough": bool(line.rough),
        }
        for number, line in whole
    ]  # fmt: skip
    few = [name for name in SHOWN if name != "clock"]
    session = msgspec.to_builtins(view.session)
    assert {name: got["session"].get(name) for name in few} == _json({name: session[name] for name in few})


def kept(view: CaptionsView) -> set[int]:
    """Numbers of lines that a reader had before, with their times to the ms."""
    return {number for number, line in enumerate(view.lines) if line.t1 is not None}


def test_a_page_made_before_a_correction_does_not_bring_the_old_text_back() -> None:
    recorder = Recorder()
    recorder.offset = 50
    change = events_frame([recorder.record(corrected("old", "Mended"), CAPTIONER)], 50, (), MORNING).json.decode()
    got = run_script(
        "reader/reader",
        """
        const session = {status: 'open', speakers: {}, gaps: []};
        const reader = new m.Reader({epoch: 'k3j9x2', offset: 50, session, lines: []});
        reader.apply(JSON.parse(v));
        reader.fill([{segment: 'old', t0: 0, t1: 1, text: 'Before', words: 0, mended: false}], 0, 200);
        const {text, mended} = reader.lines.get('old');
        return [text, mended];
        """,
        change,
    )
    assert got == ["Mended", True]


def test_written_words_are_the_same_and_none_ends_within_a_character() -> None:
    letters = "abé好们，。「」（かー゛、ﾊﾟアกเ้ำใ๓ລ້ຳໃ한글ع،ب1.٣_\u3000👍🏽 "  # noqa: RUF001  # signs that are meant as such
    signs = [*letters, "ក្រី", "ស្រុំ", "က္က", "မြို့", "သ", "👩🏽\u200d💻", "❤\ufe0f"]
    chance = random.Random(20)  # noqa: S311  # the same in every run
    made = ["".join(chance.choices(signs, k=chance.randrange(20))) for _ in range(1_500)]
    body = """
        const characters = new Intl.Segmenter('und', { granularity: 'grapheme' });
        return v.map((text) => {
            const words = m.writtenWords(text), ends = [...characters.segment(text)].map(({ index }) => index);
            let at = 0;
            return [words, words.filter((word) => (at += word.length) < text.length && !ends.includes(at))];
        });
    """
    got = run_script("lines/written_words", body, made)
    assert isinstance(got, list)
    assert [words for words, _ in got] == [written_words(text) for text in made]
    assert [torn for _, torn in got if torn] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_counted_texts_take_the_same_forms(language: str) -> None:
    catalogue = Catalogues(find_web_folder() / "locales")[language]
    data = catalogue.script("reader")
    body = "const w = new m.Words(v); return [...Array(130).keys()].map((n) => w.counted('new', n));"
    assert run_script("lib/words", body, data) == [catalogue.counted("{n} new line", n) for n in range(130)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_good_a_text_is_is_said_as_the_server_says_it(language: str) -> None:
    ui = Catalogues(find_web_folder() / "locales")[language]
    tried = [
        None,
        Quality(
            words=1_000, lines=1_000, delay=Delay(p50=1_050, p95=12_350), gaps=2, words_a_minute=128,
            corrected=Corrected(lines=15, by_machine=1, by_person=14), languages={"en": 981, "fr": 19},
        ),
        Quality(
            words=60, lines=7, delay=None, gaps=0, words_a_minute=90,
            corrected=Corrected(lines=0, by_machine=0, by_person=0), languages={"fr": 30, "ar": 30},
        ),
    ]  # fmt: skip
    data = {**ui.script("staff"), "tried": msgspec.to_builtins(tried)}
    body = """
        const {Words} = await load('lib/words');
        const {languageNames} = await load('lib/names');
        return v.tried.map(m.qualityLines(v.ui, new Words(v), languageNames(v.ui)));
    """
    said = run_script("desk/quality", body, data)
    assert isinstance(said, list)
    assert [line.lower() for line in said] == [quality_line(each, ui, staff=True).lower() for each in tried]


def test_a_delay_is_told_as_the_server_tells_it() -> None:
    delays = [*range(0, 10_000, 500), 119_499, 119_999, 120_000, 149_999, 150_000, 209_999, 210_000, 312_000]
    got = run_script("lib/standing", "return v.map((ms) => Object.values(m.delayOf(ms)));", delays)
    assert got == [[f"late{unit}", n] for unit, n in map(delay_told, delays)]


def test_an_alarm_tells_a_delay_in_minutes_too_and_names_languages() -> None:
    ui = Catalogues(find_web_folder() / "locales")["en"]
    alarms = [{"kind": "late", "values": {"n": n}} for n in (12, 312)]
    alarms += [{"kind": "no-words", "values": {"n": 312}}]
    alarms += [{"kind": "wrong-language", "values": {"expected": "en,fr", "heard": "es"}}]
    body = """
        const {Words} = await load('lib/words');
        return v.alarms.map((alarm) => m.alarmText(new Words(v), alarm, m.languageNames(v.ui)));
    """
    assert run_script("lib/names", body, {**ui.script("staff"), "alarms": alarms}) == [
        ui.named("staff/alarm.late", n=12),
        ui.named("staff/alarm.late-min", n=5),
        ui.named("staff/alarm.no-words", n=312),
        ui.named("staff/alarm.wrong-language", expected="English, French", heard="Spanish"),
    ]


def test_times_and_directions_are_those_of_the_server() -> None:
    times = [-5, 0, 999, 1_000, 59_999, 60_000, 3_599_999, 3_600_000, 40_000_000]
    assert run_script("lib/words", "return v.map(m.mediaTime);", times) == [media_time(ms) for ms in times]
    tags = ["", "und", "en", "AR", "ar-EG", "fa", "ur-PK", "az-Arab-IR", "uz-Cyrl", "he", "zh-Hans", "ar-Latn", "x"]
    assert run_script("lib/words", "return v.map(m.direction);", tags) == [direction(tag) for tag in tags]


def test_lists_have_the_commas_of_the_server() -> None:
    catalogues = Catalogues(find_web_folder() / "locales")
    here = {language: catalogues[language].listed(["a", "b"]) for language in LANGUAGES}
    listed = "new m.Words({ui, texts: {}, counted: {}}).listed(['a', 'b'])"
    body = f"return Object.fromEntries(v.map((ui) => [ui, {listed}]));"
    assert run_script("lib/words", body, list(LANGUAGES)) == here


def test_whoever_supports_from_a_card_is_not_taken_for_a_program() -> None:
    script = (find_web_folder() / "js/questions/asks_too.js").read_text(encoding="utf-8")
    wait = re.search(r"^const READ = (\d+);", script, re.MULTILINE)
    assert wait is not None
    assert int(wait[1]) > HASTY_MS


def test_the_microphone_of_demos_and_benches_sends_pieces_as_short_as_a_pages() -> None:
    """A bench whose pieces are longer finds all text later than a room's readers do."""
    worklet = (find_web_folder() / "js" / "microphone" / "worklet.js").read_text(encoding="utf-8")
    assert re.findall(r"^const PIECE = RATE / (\d+);$", worklet, re.MULTILINE) == [str(sender.RATE // sender.PIECE)]
