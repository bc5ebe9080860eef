"""Traces that a server and its engine send to a collector: which spans exist, and what none of them contains."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from moothall.app.hall import hall
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import EngineSection, Metrics, Server, Settings, Tracing, Translation
from moothall.testing.scripted import make_script, render, write_script
from moothall_models.engine.pass_traces import pass_traces, untraced
from support.halls.process import HallProcess, free_port, watched, write_wave
from support.links.collector import Collector, collecting

SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
TITLE, NAMED, SPOKEN, ASKED = "Hedgerow", "Quillfeather", "mallow", "persimmon"
MADE: tuple[do.AnyCommand, ...] = (
    do.CreateSession(title=TITLE, languages=("en",)),
    do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
    do.OpenSession(),
    do.IntroduceSpeaker(speaker=SpeakerId("p1"), name=NAMED),
    do.AttachEngine(channel=FLOOR, model="scripted"),
)
WORDS = do.CommitWords(
    channel=FLOOR,
    generation=1,
    segment=SegmentId("s1"),
    first=0,
    words=(le.Word(f" {SPOKEN}", 0, 100),),
    start=do.SegmentStart(t0=0, language="en"),
)


def settings(folder: Path, collector: Collector) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        metrics=Metrics(host=""),
        tracing=Tracing(endpoint=collector.address),
    )


async def test_an_act_is_traced_to_its_append_and_its_publication_and_says_nothing_of_it(tmp_path: Path) -> None:
    async with collecting() as collector:
        async with hall(settings(tmp_path, collector)) as running:
            live = await running.backend.sessions.open(SESSION)
            assert isinstance(await live.writer.send(SYSTEM, CommandId("a"), MADE), Receipt)
            assert isinstance(await live.writer.send(Actor(Role.ENGINE, "e"), CommandId("w"), WORDS), Receipt)
            assert not isinstance(await live.writer.send(SYSTEM, CommandId("o"), do.OpenSession()), Receipt)
            _, token = await running.backend.links.create(Role.MODERATOR, HALL, NAMED)
            async with aiohttp.ClientSession(running.address, headers={"Origin": running.address}) as http:
                form = {"id": "q1", "kind": "question", "text": f"Why {ASKED}?", "name": NAMED, "language": "en"}
                async with http.post(f"/s/{SESSION}/ask", data=form, allow_redirects=False) as asked:
                    assert asked.status == 303
        acts = collector.named("act")
        assert [act.attributes["moothall.commands"] for act in acts[:3]] == [
            "create add-channel open introduce attach-engine",
            "words",
            "open",
        ]
        assert all(act.attributes["moothall.session"] == SESSION for act in acts)
        for below in ("append", "publish"):
            spans = {span.parent: span for span in collector.named(below)}
            assert spans[acts[0].id].attributes["moothall.events"] == len(MADE)
            assert spans[acts[1].id].attributes["moothall.events"] == 2
            assert acts[2].id not in spans, "a refused act stores nothing"
        sizes = [span.attributes["moothall.bytes"] for span in collector.named("append")]
        assert all(isinstance(size, int) and size > 0 for size in sizes)
        for hidden in (TITLE, NAMED, SPOKEN, ASKED, token):
            assert hidden.encode() not in collector.raw


async def test_an_engine_traces_its_passes(tmp_path: Path) -> None:
    script = make_script(3, 6)
    (tmp_path / "script.json").write_bytes(write_script(script))
    write_wave(tmp_path / "sound.wav", render(script))
    model = f"scripted:{tmp_path / 'script.json'}"
    async with collecting() as collector:
        process = HallProcess(tmp_path / "data", tmp_path / "sound.wav", model, free_port(12))
        process.settings = {"MOOTHALL_TRACING__ENDPOINT": collector.address}
        async with watched(process) as witness:
            await witness.until(lambda: witness.closed)
        await process.stop()
        passes = collector.named("engine pass")
        assert passes
        assert all(set(each.attributes) == {"moothall.windows", "moothall.sound_ms"} for each in passes)
        for word in script.words:
            assert f" {word.text.strip()} ".encode() not in collector.raw


def test_without_an_endpoint_nothing_of_the_library_is_loaded() -> None:
    program = (
        "import sys\n"
        "import moothall.app.hall, moothall_models.cli\n"
        "print([m for m in sys.modules if 'opentelemetry' in m])"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"
    with pass_traces("") as trace:
        assert trace is untraced


async def test_a_collector_that_is_away_holds_nothing_up(tmp_path: Path) -> None:
    away = Collector()
    away.address = f"http://127.0.0.1:{free_port(13)}"
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(hall(settings(tmp_path, away)))
        live = await running.backend.sessions.open(SESSION)
        assert isinstance(await live.writer.send(SYSTEM, CommandId("a"), MADE), Receipt)
