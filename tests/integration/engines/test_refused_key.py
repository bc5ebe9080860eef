"""An engine whose service refuses the key: it reports so where people look, and continues once the key is right."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from moothall.adapters.sound.audio_file import AudioFile
from moothall.app.hall import RunningServer, hall
from moothall.core.commands import AddChannel, AnyCommand, AttachSource, CreateSession, OpenSession
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import CommandId, SessionId, SourceId
from moothall.core.kernel.lanes import Feed
from moothall.settings.sections import EngineSection as EngineChoice
from moothall.settings.sections import Server, Settings, Translation
from moothall.testing.scripted import make_script, render
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.engine import Engine, EngineSettings
from moothall_models.ports import Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from support.halls.process import free_port, write_wave
from support.memory.hall import FLOOR
from support.models.transcription_service import KEY, Service, asker, serving

GOOD = "a-token-that-is-long-enough"
S = SessionId("s")
SCRIPT = make_script(5, 20)


class Heard(logging.Handler):
    """What server and engine say in their logs, both in this process."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._news = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        self._news.set()

    async def until(self, text: str, times: int = 1) -> None:
        """Wait until it was said so often."""
        async with asyncio.timeout(60):
            while sum(text in said for said in self.said) < times:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    ears, loggers = Heard(), [logging.getLogger(name) for name in ("moothall", "moothall_models")]
    for logger in loggers:
        logger.addHandler(ears)
        logger.setLevel(logging.INFO)
    yield ears
    for logger in loggers:
        logger.removeHandler(ears)
        logger.setLevel(logging.NOTSET)


REFUSED, CONNECTED = "engine far: its service refuses the key", "engine far: connected, model"


@asynccontextmanager
async def serving_hall(tmp_path: Path, port: int) -> AsyncIterator[RunningServer]:
    (tmp_path / "tokens").write_text(f"far {GOOD}\n")
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineChoice(count=0, listen_port=port, tokens=str(tmp_path / "tokens")),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        live = await running.backend.sessions.open(S)
        commands: list[AnyCommand] = [
            CreateSession(title="Far", languages=("en",)),
            AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        ]
        await live.writer.send(SYSTEM, CommandId("create"), commands)
        yield running


def read(key_file: Path) -> str:
    try:
        return key_file.read_text().strip()
    except OSError as error:
        raise ConfigurationError("The key file can't be read.") from error


@asynccontextmanager
async def engine_of(name: str, port: int, key_file: Path) -> AsyncIterator[None]:
    """An engine in this process that asks the service of that name, with the key of the file."""
    recognizer = asker(name, lambda: read(key_file))
    url = f"ws://127.0.0.1:{port}/"
    settings = EngineSettings(url=url, token=GOOD, name="far", key_waits=(0.05, 0.2))
    engine = Engine(settings, recognizer, ScriptedVoiceActivity, EngineClock(), lambda: 0.0)
    running = asyncio.ensure_future(engine.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait({running})
        recognizer.close()


async def alarms(running: RunningServer) -> list[str]:
    """The first alarms that the overview shows."""
    _, token = await running.backend.links.create(Role.TECHNICIAN, "hall", "somebody")
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False):
            client = socketio.AsyncClient(reconnection=False, http_session=http)
        shown: asyncio.Queue[list[str]] = asyncio.Queue()

        @client.on("cards", namespace="/control")  # type: ignore[untyped-decorator]
        async def look(body: dict[str, Any]) -> None:
            raised = [*body["overview"]["alarms"], *(alarm for card in body["cards"] for alarm in card["alarms"])]
            await shown.put([alarm["kind"] for alarm in raised])

        await client.connect(running.address, namespaces=["/control"], transports=["websocket"], wait_timeout=60)
        await client.call("join", {}, namespace="/control", timeout=60)
        async with asyncio.timeout(60):
            while not (kinds := await shown.get()):
                pass
        await client.disconnect()
    return kinds


async def test_a_refused_key_is_said_and_the_right_one_is_taken_up(
    tmp_path: Path, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    key_file, port = tmp_path / "key", free_port(41)
    key_file.write_text("sk-old-one\n")
    write_wave(tmp_path / "talk.wav", render(SCRIPT))
    service = Service(hear=ScriptedRecognizer(SCRIPT).recognise)
    async with serving(service) as name, serving_hall(tmp_path, port) as running, engine_of(name, port, key_file):
        recognising = running.recognising
        await heard.until(REFUSED)
        assert (recognising.refused, recognising.engines) == (1, 0)
        # A file that can't be read, or a service that is away, changes nothing.
        key_file.unlink()
        await heard.until("The key file can't be read. The engine retries in 0 s.", 2)
        assert recognising.refused == 1
        key_file.write_text(f"{KEY}\n")
        await heard.until(CONNECTED)
        assert (recognising.refused, recognising.engines) == (0, 1)
        live = await running.backend.sessions.open(S)
        await running.ingest.play(
            live.writer,
            SourceId("talk"),
            FLOOR,
            lambda first: AudioFile(tmp_path / "talk.wav", first_sample=first),
            as_live=False,
        )
        snapshot = (await live.fanout.view(Feed(FLOOR))).snapshot()  # type: ignore[union-attr]  # it has the channel
        assert " ".join(line.text for line in snapshot.lines).split() == [word.text.strip() for word in SCRIPT.words]
    said = " ".join(heard.said)
    assert "refused the key (status 401, invalid_api_key). Give the engine the right one. The key is read again" in said
    assert KEY not in said
    assert "sk-old" not in said
    assert "Traceback" not in caplog.text


async def test_a_key_that_is_taken_back_in_the_middle_loses_no_word(tmp_path: Path, heard: Heard) -> None:
    key_file, port = tmp_path / "key", free_port(42)
    key_file.write_text(f"{KEY}\n")
    write_wave(tmp_path / "talk.wav", render(SCRIPT))
    service = Service(hear=ScriptedRecognizer(SCRIPT).recognise)
    asked = itertools.count()

    def some_then_another(_: object) -> int:
        if next(asked) == 2:  # Silence to begin with, and one window.
            service.key = "sk-new-one"
        return 0

    service.chokes = some_then_another
    async with serving(service) as name, serving_hall(tmp_path, port) as running, engine_of(name, port, key_file):
        live = await running.backend.sessions.open(S)
        playing = asyncio.ensure_future(
            running.ingest.play(
                live.writer,
                SourceId("talk"),
                FLOOR,
                lambda first: AudioFile(tmp_path / "talk.wav", first_sample=first),
                as_live=False,
            )
        )
        await heard.until(REFUSED)
        key_file.write_text("sk-new-one\n")
        await playing
        snapshot = (await live.fanout.view(Feed(FLOOR))).snapshot()  # type: ignore[union-attr]  # it has the channel
        assert " ".join(line.text for line in snapshot.lines).split() == [word.text.strip() for word in SCRIPT.words]


async def test_the_overview_says_it(tmp_path: Path, heard: Heard) -> None:
    key_file, port = tmp_path / "key", free_port(43)
    key_file.write_text("sk-old-one\n")
    async with (
        serving(Service(hear=ScriptedRecognizer(SCRIPT).recognise)) as name,
        serving_hall(tmp_path, port) as running,
        engine_of(name, port, key_file),
    ):
        live = await running.backend.sessions.open(S)
        begun: list[AnyCommand] = [
            OpenSession(),
            AttachSource(source=SourceId("mic"), channel=FLOOR, t=0, rate=16_000),
        ]
        await live.writer.send(SYSTEM, CommandId("begin"), begun)
        await heard.until(REFUSED)
        assert await alarms(running) == ["key-refused"]


async def test_what_a_service_fails_at_is_a_gap_and_the_rest_is_in_the_record(tmp_path: Path) -> None:
    """Every window that holds one certain sentence fails, as often as it is asked."""
    key_file, port = tmp_path / "key", free_port(44)
    key_file.write_text(f"{KEY}\n")
    write_wave(tmp_path / "talk.wav", render(SCRIPT))
    hear, bad = ScriptedRecognizer(SCRIPT).recognise, SCRIPT.words[8].text.strip()

    service = Service(hear=hear)

    def chokes(sound: object) -> int:
        heard = hear(Window(audio=sound, languages=("en",)))  # type: ignore[arg-type]  # samples
        return 500 if any(word.text.strip() == bad for word in heard.words) else 0

    service.chokes = chokes
    async with serving(service) as name, serving_hall(tmp_path, port) as running, engine_of(name, port, key_file):
        live = await running.backend.sessions.open(S)
        await running.ingest.play(
            live.writer,
            SourceId("talk"),
            FLOOR,
            lambda first: AudioFile(tmp_path / "talk.wav", first_sample=first),
            as_live=False,
        )
        snapshot = (await live.fanout.view(Feed(FLOOR))).snapshot()  # type: ignore[union-attr]  # it has the channel
    words = " ".join(line.text for line in snapshot.lines).split()
    assert bad not in words
    assert snapshot.session.gaps
    assert all(gap.reason == "unheard" for gap in snapshot.session.gaps)
    # Whatever isn't in the text was said in a gap.
    missing = [word for word in SCRIPT.words if word.text.strip() not in words]
    assert all(any(g.t0 <= w.t1 and w.t0 <= g.t1 for g in snapshot.session.gaps) for w in missing)
    assert len(missing) < len(SCRIPT.words)
