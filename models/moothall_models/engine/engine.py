"""The engine's process: loads its model, dials the server, and serves one link after another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
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
from moothall_models.engine.policies import policy_for
from moothall_models.engine.progress import EngineProgress
from moothall_models.engine.session import LinkSession
from moothall_models.ports import (
    RATE,
    Floats,
    Hypothesis,
    Recognizer,
    Samples,
    StreamingRecognizer,
    VoiceActivity,
    VoiceEncoder,
    Window,
)
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts
from moothall_models.speech.overload import Load

logger = logging.getLogger(__name__)

KEY_FIRST_S, KEY_LAST_S = 60.0, 300.0
"""Back-off before a refused key is read and tried again, s: the first time, and at most."""


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of an engine: its server, and its limits."""

    url: str
    """Address of the server's engine link, `ws://HOST:PORT/` or `wss://…`."""
    token: str
    name: str = "engine"
    """The engine's name in logs."""
    channels: int | None = None
    """Most live channels that it accepts; None: as many as it can carry by its own measurement."""
    workers: int = 1
    """Batches of passes that run at a time."""
    errors: Mapping[str, float] = {}
    """What the manifest says of the model's errors, by language."""
    key_waits: tuple[float, float] = (KEY_FIRST_S, KEY_LAST_S)
    """Back-off before a refused key is tried again, s: the first time, and at most."""


def engine_link(socket: ClientConnection) -> WebSocketLink[wire.ToEngine, wire.ToServer]:
    """An engine's link over a WebSocket."""
    return WebSocketLink(socket, wire.decode_to_engine, wire.encode)


@dataclass(eq=False, repr=False)
class Engine:
    """Serves links with one recogniser until it is cancelled."""

    settings: EngineSettings
    recognizer: Recognizer
    """The recogniser, with its model loaded."""
    voice: Callable[[], VoiceActivity]
    """Makes the voice activity detector of a channel."""
    clock: EngineClock
    jitter: Callable[[], float]
    """Returns random numbers from 0 to 1, for the back-off."""
    _: KW_ONLY
    progress: EngineProgress | None = None
    """Receives the progress that this process's pulses report; None when it sends no pulses."""
    encoder: VoiceEncoder | None = None
    """Tells voices apart, where a meeting wants that; None: this engine can't."""
    scripts: WrittenScripts = AS_HEARD
    """How Chinese is written."""
    trace: TracePass = untraced
    """Traces each batch of passes."""

    def __post_init__(self) -> None:
        self._progress = self.progress or EngineProgress("")
        self._backoff = JitteredBackoff(self.jitter)
        self._server = EngineServer(self.settings.url, self.settings.token, self.settings.name)
        self._load = Load(self.settings.workers, self.settings.channels)
        self._key_refused = False

    async def run(self) -> None:
        """Warm up, then dial the server and serve each link; after a link has ended, dial again.

        Runs until it is cancelled. Raises GivenUp when the server has given this process up, and ConfigurationError
        when the address is wrong or the server refuses the token.
        """
        # As many threads as workers: a pass left over from a dead link occupies one of them.
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
            workers.shutdown(wait=False, cancel_futures=True)  # Don't wait for a pass, which may hang.

    def _ready(self) -> None:
        self.clock.warmed_up()
        logger.info("engine %s: model %s is ready", self.settings.name, self.recognizer.model)

    async def _warm_up(self, workers: ThreadPoolExecutor) -> None:
        """Warm up the recogniser; after a refused key, `_rest` does so later."""
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
        """Accept no channels, report the refused key to the server, and try the key again until it is accepted."""
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
        """Stay connected with a capacity of 0 and `key_refused`, so that the control room shows the reason."""
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

        encoder = self.encoder

        async def measure(speech: Samples) -> Floats:
            assert encoder is not None  # noqa: S101 - nothing is measured without it
            return await asyncio.get_running_loop().run_in_executor(workers, encoder.vector, speech)

        async def serve(socket: ClientConnection) -> None:
            logger.info("engine %s: connected", self.settings.name)
            link = engine_link(socket)
            session = LinkSession(
                self._hello(),
                voice=self.voice,
                media=lambda attach: ArrivalTime(attach.audio_from),
                cpu_ms=self.clock.cpu_ms,
                load=self._load,
                speech=policy_for(self.recognizer, self.scripts),
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
                    measure=None if encoder is None else measure,
                )
            except* KeyRefused as refused:
                self._refused(first_of(refused))
            except* RecognitionFailed as failed:
                # The server has kept the sound, and assigns the channels again, from their last words on.
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

    def _hello(self) -> wire.EngineHello:
        room = self._load.room((), 0)
        return wire.EngineHello(
            protocol=wire.PROTOCOL,
            name=self.settings.name,
            model=self.recognizer.model,
            languages=self.recognizer.languages,
            errors=dict(self.settings.errors),
            channels=room.channels,
            most=room.most,
            takes_glossary=not isinstance(self.recognizer, StreamingRecognizer),
            tells_turns=self.encoder is not None,
            knows_voices=self.encoder is not None,
            life=self._progress.life,
        )
