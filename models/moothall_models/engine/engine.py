"""The engine's process: loads its model, dials the server, and serves one link after another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass

import msgspec
from websockets.asyncio.client import ClientConnection

from moothall.core.kernel.errors import KeyRefused, MoothallError, RecognitionFailed
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.dialling import EngineServer, JitteredBackoff, WebSocketLink, first_of
from moothall_models.engine.live import run_live
from moothall_models.engine.pass_traces import TracePass, untraced
from moothall_models.engine.progress import EngineProgress
from moothall_models.engine.session import LinkSession
from moothall_models.ports import RATE, Hypothesis, Recognizer, VoiceActivity, Window
from moothall_models.speech.overload import Load

logger = logging.getLogger(__name__)

KEY_FIRST_S, KEY_LAST_S = 60.0, 300.0
"""How long a key that was refused rests before it is read and tried again: the first time, and at most."""


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where an engine works, and as whom."""

    url: str
    """Of the server's engine link, `ws://HOST:PORT/` or `wss://…`."""
    token: str
    name: str = "engine"
    """For the server's logs."""
    channels: int | None = None
    """Live channels that it takes on at most; None: as many as it finds that it can carry."""
    workers: int = 1
    """Passes at a time, each of another channel."""
    key_waits: tuple[float, float] = (KEY_FIRST_S, KEY_LAST_S)
    """Seconds before a key that was refused is tried again: the first time, and at most."""


def engine_link(socket: ClientConnection) -> WebSocketLink[wire.ToEngine, wire.ToServer]:
    """An engine's link over a WebSocket."""
    return WebSocketLink(socket, wire.decode_to_engine, wire.encode)


@dataclass(eq=False, repr=False)
class Engine:
    """Serves links with one recogniser until it is cancelled."""

    settings: EngineSettings
    recognizer: Recognizer
    """Loaded."""
    voice: Callable[[], VoiceActivity]
    """Makes a detector for a channel."""
    clock: EngineClock
    jitter: Callable[[], float]
    """Gives numbers from 0 to 1."""
    _: KW_ONLY
    progress: EngineProgress | None = None
    """What the pulses of this process tell; without it none are sent."""
    trace: TracePass = untraced
    """Traces each pass, by how many windows and how much sound (ms) it hears."""

    def __post_init__(self) -> None:
        self._progress = self.progress or EngineProgress("")
        self._backoff = JitteredBackoff(self.jitter)
        self._server = EngineServer(self.settings.url, self.settings.token, self.settings.name)
        self._load = Load(self.settings.workers, self.settings.channels)
        self._key_refused = False

    async def run(self) -> None:
        """Warm up, then dial again and again.

        Raises GivenUp when the server gave it up, ConfigurationError when the address is wrong or the server refuses
        the token.
        """
        # No more threads than workers: what a dead link left to be done takes the place of one.
        self._progress.ask_loop(asyncio.get_running_loop().call_soon_threadsafe)
        workers = ThreadPoolExecutor(max_workers=self.settings.workers, thread_name_prefix="recognise")
        try:
            await self._warm_up(workers)
            while True:
                if self._key_refused:
                    await self._rest(workers)
                else:
                    await self._serve_link(workers)
                await asyncio.sleep(self._backoff.next_ms() / 1000)
        finally:
            workers.shutdown(wait=False, cancel_futures=True)  # A pass that hangs isn't waited for.

    def _ready(self) -> None:
        self.clock.warmed_up()
        logger.info("engine %s: model %s is ready", self.settings.name, self.recognizer.model)

    async def _warm_up(self, workers: ThreadPoolExecutor) -> None:
        """Make the first pass; a key that is refused is left to `_rest`."""
        began = self.clock.now()
        try:
            await asyncio.get_running_loop().run_in_executor(workers, self.recognizer.warm_up)
        except KeyRefused as refused:
            self._refused(refused)
        else:
            self._ready()
        self._progress.loaded(round(self.clock.now() - began))

    def _refused(self, refused: BaseException) -> None:
        self._key_refused = True
        first, _ = self.settings.key_waits
        logger.error("engine %s: %s The key is read again in %.0f s.", self.settings.name, refused, first)

    async def _rest(self, workers: ThreadPoolExecutor) -> None:
        """Take no channels, and let the server say why, until the service takes the key as it is then."""
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._say_refused())
            wait, last = self.settings.key_waits
            while self._key_refused:
                await asyncio.sleep(wait)
                wait = min(2 * wait, last)
                try:
                    await asyncio.get_running_loop().run_in_executor(workers, self.recognizer.warm_up)
                except MoothallError as failed:
                    logger.error("engine %s: %s The engine retries in %.0f s.", self.settings.name, failed, wait)
                else:
                    self._key_refused = False
            telling.cancel()
        self._backoff.reset()
        self._ready()

    async def _say_refused(self) -> None:
        """Stay connected with nothing to offer, so that the control room shows why."""
        hello = msgspec.structs.replace(self._hello(), channels=0, most=0, key_refused=True)

        async def say(socket: ClientConnection) -> None:
            link = engine_link(socket)
            await link.send(hello)
            while await link.receive() is not None:
                pass

        while True:
            await self._server.talk(say)
            await asyncio.sleep(self._backoff.next_ms() / 1000)

    async def _serve_link(self, workers: ThreadPoolExecutor) -> None:
        async def recognise(windows: Sequence[Window]) -> Sequence[Hypothesis]:
            return await asyncio.get_running_loop().run_in_executor(workers, self._pass, windows)

        async def serve(socket: ClientConnection) -> None:
            logger.info("engine %s: connected", self.settings.name)
            link = engine_link(socket)
            session = LinkSession(
                self._hello(),
                voice=self.voice,
                media=lambda attach: ArrivalTime(attach.audio_from),
                cpu_ms=self.clock.cpu_ms,
                load=self._load,
            )
            try:
                await run_live(
                    session,
                    link,
                    recognise,
                    self.clock,
                    workers=self.settings.workers,
                    at_once=self.recognizer.at_once,
                    progress=self._progress,
                )
            except* KeyRefused as refused:
                self._refused(first_of(refused))
            except* RecognitionFailed as failed:
                # The server has kept the sound, and gives the channels out again from their last words on.
                logger.error("engine %s: %s", self.settings.name, first_of(failed))
            finally:
                if link.used:
                    self._backoff.reset()
            logger.warning("engine %s: the link ended", self.settings.name)

        await self._server.talk(serve)

    def _pass(self, windows: Sequence[Window]) -> Sequence[Hypothesis]:
        sound_ms = sum(len(window.audio) for window in windows) * 1000 // RATE
        with self.trace(len(windows), sound_ms), self._progress.passing(sound_ms, self.recognizer.limit_ms):
            return self.recognizer.recognise_all(windows)

    def _hello(self) -> wire.Hello:
        room = self._load.room(0, 0)
        return wire.Hello(
            protocol=wire.PROTOCOL,
            name=self.settings.name,
            model=self.recognizer.model,
            languages=self.recognizer.languages,
            channels=room.channels,
            most=room.most,
            takes_glossary=True,
            life=self._progress.life,
        )
