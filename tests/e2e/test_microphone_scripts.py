"""The microphone page's scripts without a microphone: levels, resampling, what is kept, the talk with the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from e2e.test_page_scripts import Scripts
from moothall.core.events import types as ev
from stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scripts(started: Browser) -> AsyncIterator[Scripts]:
    async with stage() as on, await started.new_page() as page:
        await page.goto(on.address + "/s/plenary")
        sheet = await page.locator("link[rel=stylesheet]").first.get_attribute("href")
        assert sheet is not None
        yield Scripts(page, sheet.rpartition("/css/")[0] + "/js")


LEVELS = """
    const levels = new m.Levels();
    for (const [rms, peak] of v) levels.push(rms, peak);
    return levels.verdict;
"""


@pytest.mark.parametrize(
    ("blocks", "verdict"),
    [
        ([(0.1, 0.4)] * 5, "waiting"),
        ([(0.0, 0.0)] * 50, "dead"),
        ([(0.001, 0.002)] * 50, "waiting"),
        ([(0.02, 0.05)] * 50, "hum"),
        ([(0.0005, 0.001), (0.004, 0.01)] * 25, "quiet"),
        ([(0.002, 0.01), (0.08, 0.4)] * 25, "ready"),
        ([(0.002, 0.01), (0.4, 1.0)] * 25, "loud"),
        ([(0.4, 1.0)] * 50 + [(0.002, 0.01), (0.08, 0.4)] * 25, "ready"),
    ],
    ids=["too soon", "dead", "nobody speaks", "hum", "quiet", "ready", "loud", "only the last five seconds"],
)
async def test_verdicts(scripts: Scripts, blocks: list[tuple[float, float]], verdict: str) -> None:
    assert await scripts.run("microphone/level", LEVELS, blocks) == verdict


async def test_samples_that_do_not_come_are_noticed_and_late_ones_are_not(scripts: Scripts) -> None:
    found = await scripts.run(
        "microphone/level",
        """
        const run = (times) => { const c = new m.Continuity(); return times.map((t) => c.push(t, 100)).indexOf(true); };
        const even = Array.from({length: 100}, (_, n) => 5000 + n * 100);
        return [
            run(even),
            run(even.map((t, n) => (n % 30 === 29 ? t + 900 : t))),  // the page was busy for a moment
            run(even.map((t, n) => t + n * 0.05)),  // the sound card's clock is a little slow
            run(even.map((t, n) => (n >= 40 ? t + 1200 : t))),  // asleep for 1.2 s
        ];
        """,
    )
    assert isinstance(found, list)
    assert found[:3] == [-1, -1, -1]
    assert 40 < found[3] <= 60


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 96_000])
async def test_resampling_keeps_speech_and_drops_what_is_above(scripts: Scripts, rate: int) -> None:
    found: Any = await scripts.run(
        "microphone/resample",
        """
        const level = (hertz) => {
            const resampler = new m.Resampler(v);
            const out = [];
            for (let block = 0; block < v / 128; block += 1) {
                const samples = Float32Array.from({length: 128}, (_, n) =>
                    Math.sin(2 * Math.PI * hertz * (block * 128 + n) / v));
                out.push(...resampler.feed(samples));
            }
            const steady = out.slice(2000, -2000);
            return [out.length, Math.sqrt(2 * steady.reduce((sum, x) => sum + x * x, 0) / steady.length)];
        };
        return [level(440), level(6000), level(10000)];
        """,
        rate,
    )
    (count, low), (_, high), (_, above) = found
    assert abs(count - 16_000) < 200
    assert low == pytest.approx(1, abs=0.01)
    assert high == pytest.approx(1, abs=0.05)
    if rate > 20_000:
        assert above < 0.02


async def test_the_ring_keeps_what_is_not_safe_and_drops_the_oldest(scripts: Scripts) -> None:
    found = await scripts.run(
        "microphone/ring",
        """
        const pcm = (first) => Int16Array.from({length: 10}, (_, n) => first + n);
        const ring = new m.Ring(45);
        ring.begin('one');
        const take = ring.oldest;
        const silent = take.age(0, 90000);  // said hello before its first sample: on since now, not since the page is
        for (const first of [0, 10, 20]) ring.add(pcm(first), 1000 + first);
        const read = [...take.read(5, 12)];
        ring.forget(take, 15);
        const kept = [take.first, take.end, ring.samples, take.age(30, 1120), take.age(20, 1120)];
        ring.end('lost');
        ring.begin('two');
        for (const first of [0, 10, 20]) ring.add(pcm(first), 2000 + first);
        const full = [ring.dropped, ring.samples, take.first, ring.oldest.name];
        for (const first of [30, 40, 50]) ring.add(pcm(first), 2030);
        const after = [ring.dropped, ring.takes.length, ring.oldest.name, ring.oldest.first];
        return {silent, read, kept, full, after};
        """,
    )
    assert found == {
        "silent": 0,
        "read": list(range(5, 17)),
        "kept": [10, 30, 20, 100, 101],
        "full": [10, 40, 20, "one"],
        "after": [40, 1, "two", 20],
    }


TALK = """
    const sockets = [];
    class Fake {
        static OPEN = 1;
        constructor(address) {
            Object.assign(this, {address, sent: [], bufferedAmount: 0, readyState: 0});
            sockets.push(this);
        }
        send(data) {
            if (typeof data === 'string') return this.sent.push(JSON.parse(data));
            const head = new DataView(data);
            return this.sent.push([Number(head.getBigUint64(0, true)), (data.byteLength - 12) / 2]);
        }
        close() { this.readyState = 3; }
        opens() { this.readyState = 1; this.onopen(); }
        says(message) { this.onmessage({data: JSON.stringify(message)}); }
        drops(code) { this.readyState = 3; this.onclose({code}); }
    }
    globalThis.WebSocket = Fake;
    const { Ring } = await import(v.ring);
    const ring = new Ring(v.kept ?? 1e6);
    const told = [];
    const line = new m.Line({
        address: 'ws://x', channel: () => 'floor', ring,
        tell: (kind) => { told.push(kind); if (kind === 'restart') { ring.end('lost'); ring.begin('again'); } },
    });
    const hear = (count) => { ring.add(new Int16Array(count), performance.now()); line.pump(); };
    ring.begin('one');
    line.start();
    const last = () => sockets.at(-1);
"""


async def talk(scripts: Scripts, body: str, **more: int) -> Any:
    ring = f"{scripts.root}/microphone/ring.js"
    return await scripts.run("microphone/line", TALK + body + "line.close(); return result;", {"ring": ring, **more})


async def test_it_sends_from_where_the_server_is_and_says_the_end_once_all_is_sent(scripts: Scripts) -> None:
    result = await talk(
        scripts,
        """
        hear(9000);
        last().opens();
        last().says({kind: 'go', at: 1000, session: 's'});
        ring.end('stopped');
        line.pump(); line.pump();
        const sent = last().sent.map((each) => each.kind === 'hello' ? {...each, age: 0} : each);
        last().says({kind: 'safe', at: 9000});
        last().says({kind: 'ended'});
        const result = {sent, told, samples: ring.samples, takes: ring.takes.length};
        """,
    )
    assert result == {
        "sent": [
            {"kind": "hello", "protocol": 1, "channel": "floor", "take": "one", "first": 0, "age": 0},
            [1000, 8000],
            {"kind": "end", "at": 9000, "reason": "stopped"},
        ],
        "told": ["sending", "safe", "ended"],
        "samples": 0,
        "takes": 0,
    }


async def test_a_take_that_has_just_begun_is_as_old_as_nothing_however_long_the_page_has_been_open(
    scripts: Scripts,
) -> None:
    result = await talk(
        scripts,
        """
        hear(9000);
        last().opens();
        last().says({kind: 'go', at: 0, session: 's'});
        last().says({kind: 'ended'});  // the server's: the page begins another take, as it does at a handover
        const result = last().sent.at(-1);
        """,
    )
    assert result == {"kind": "hello", "protocol": 1, "channel": "floor", "take": "again", "first": 0, "age": 0}


async def test_what_had_to_be_dropped_is_said_in_the_next_hello(scripts: Scripts) -> None:
    result = await talk(
        scripts,
        """
        hear(100);
        last().opens();
        last().says({kind: 'go', at: 0, session: 's'});
        last().drops(1006);
        for (let n = 0; n < 20; n += 1) hear(100);
        line.hurry();
        last().opens();
        last().says({kind: 'go', at: 1600, session: 's'});
        last().bufferedAmount = 1e9;  // a line that takes nothing
        for (let n = 0; n < 20; n += 1) hear(100);
        last().bufferedAmount = 0;
        line.pump();
        line.hurry();
        last().opens();
        const result = sockets.map(({sent}) => sent.map((each) => each.first ?? each));
        """,
        kept=500,
    )
    assert result == [[0, [0, 100]], [1600, [1600, 500]], [3600]]


@pytest.mark.parametrize("code", [1001, 1013])
async def test_who_is_sent_away_comes_back_with_what_is_not_safe(scripts: Scripts, code: int) -> None:
    result = await talk(
        scripts,
        """
        hear(200); hear(300);
        last().opens();
        last().says({kind: 'go', at: 0, session: 's'});
        last().says({kind: 'safe', at: 200});
        last().drops(v.code);
        const kept = ring.samples;
        hear(100);
        line.hurry();
        last().opens();
        last().says({kind: 'go', at: 300, session: 's'});
        const sent = sockets.map(({sent}) => sent.map((each) => each.first ?? each));
        const result = {sent, told, kept, lines: sockets.length};
        """,
        code=code,
    )
    assert result["sent"] == [[0, [0, 500]], [200, [300, 300]]]
    assert (result["told"], result["lines"]) == (["sending", "safe", "cut", "sending"], 2)
    assert result["kept"] == 300


async def test_what_the_server_says_else(scripts: Scripts) -> None:
    result = await talk(
        scripts,
        """
        hear(10);
        last().opens();
        last().says({kind: 'held', by: 'Ann', since: 1});
        line.takeOver();
        last().says({kind: 'go', at: 0, session: 's'});
        last().says({kind: 'ended'});  // another has had its place meanwhile
        const names = last().sent.filter(({take}) => take).map(({take}) => take);
        last().says({kind: 'over'});
        const kept = ring.samples;
        last().drops(4410);
        last().onclose?.({code: 1006});
        const took = last().sent.some(({kind}) => kind === 'take-over');
        const result = {told, names, kept, took, lines: sockets.length};
        """,
    )
    assert result == {
        "told": ["held", "sending", "restart", "over", "replaced"],
        "names": ["one", "again"],
        "kept": 0,
        "took": True,
        "lines": 1,
    }


OPEN = {"status": "open", "not_recorded": None}
HEARD = {"sound": "speech", "lag": 900, "at": 0}


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"session": None}, None),
        ({}, "heard"),
        ({"heard": {**HEARD, "sound": "silence"}}, "unheard"),
        ({"heard": {**HEARD, "sound": "none"}}, "soundless"),
        ({"heard": {**HEARD, "lag": 12_000}}, "late"),
        ({"heard": None}, "unknown"),
        ({"now": 5_000}, "unknown"),
        ({"lost": True}, "unknown"),
        ({"session": {**OPEN, "status": "paused"}}, "break"),
        ({"session": {**OPEN, "not_recorded": 0}}, "off"),
        ({"session": {**OPEN, "status": "created"}}, "before"),
        ({"session": {**OPEN, "status": "closed"}}, "closed"),
    ],
)
async def test_what_becomes_of_the_sound_is_said_from_what_is_known_now(
    scripts: Scripts, facts: dict[str, Any], kind: str | None
) -> None:
    told = {"session": OPEN, "lost": False, "heard": HEARD, "now": 1_000, **facts}
    assert await scripts.run("microphone/words", "return m.becoming(v)?.kind ?? null;", told) == kind


async def test_the_title_of_a_meeting_stands_apart_from_its_state(scripts: Scripts) -> None:
    after = await scripts.run("microphone/words", "return m.behind(v, 'Break');", "Access for all")
    assert after == " \N{EN DASH} Break"
    assert await scripts.run("microphone/words", "return m.behind(v, 'Break');", None) == "Break"


FOLLOWED = """
    const words = window.words ??= new m.Words(() => {});
    words.follow('/s/plenary/events?channel=floor&feed=live&as=microphone');
    const until = Date.now() + 10000;
    const is = () => JSON.stringify([words.session?.title, words.session?.status, words.session?.not_recorded ?? null]);
    while (is() !== JSON.stringify(v) && Date.now() < until) await new Promise((done) => setTimeout(done, 20));
    return JSON.parse(is());
"""


async def test_the_page_follows_the_meeting_and_is_no_reader(browser: Browser) -> None:
    async with stage() as on, await browser.new_page() as page:
        await page.goto(on.address + "/s/plenary")
        sheet = await page.locator("link[rel=stylesheet]").first.get_attribute("href")
        assert sheet is not None
        scripts = Scripts(page, sheet.rpartition("/css/")[0] + "/js")
        for event, known in (
            (None, ["Plenary", "open", None]),
            (ev.SessionPaused(t=9_000), ["Plenary", "paused", None]),
            (ev.SessionResumed(t=9_100), ["Plenary", "open", None]),
            (ev.NotRecordedBegan(t0=9_200), ["Plenary", "open", 9_200]),
            (ev.NotRecordedEnded(t1=9_300), ["Plenary", "open", None]),
            (ev.SessionDescribed(title="Water"), ["Water", "open", None]),
        ):
            if event is not None:
                await on.say(event)
            assert await scripts.run("microphone/words", FOLLOWED, known) == known
        await scripts.run("microphone/words", "window.words.close();", None)


async def test_times_of_day_are_the_conferences_in_24_hours(scripts: Scripts) -> None:
    for ui in ("en", "ar", "zh"):
        body = "return m.dayClock(v, 'Africa/Nairobi').format(79_200_000).replace(/[^0-9:]/g, '');"
        assert await scripts.run("lib/words", body, ui) == "01:00:00"
