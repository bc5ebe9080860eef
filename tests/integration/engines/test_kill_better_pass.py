"""Server and engine are killed while lines end and are corrected: nothing is lost, doubled or corrected twice.

The server is a process; the engine works in the test's own, over the real link, and is killed by cutting that. Long,
and therefore slow: `test_better_pass.py` and `test_revising_laws.py` test the rules, `test_kill.py` kills in each run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake

from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SegmentId
from moothall.testing.scripted import Script, make_script, render, write_script
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.dialling import WebSocketLink
from moothall_models.engine.engine import engine_link
from moothall_models.engine.live import run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from support.halls.killing import kill_at_random
from support.halls.process import (
    HallProcess,
    free_port,
    logged,
    plain,
    require_intact,
    require_nothing_lost,
    watched,
    write_wave,
)
from support.models.revising import Revising, loud

GOOD = "a-token-that-is-long-enough"


class Engine:
    """Dials again and again, and betters each line at its end."""

    def __init__(self, script: Script, port: int) -> None:
        self._recognizer = ScriptedRecognizer(script)
        self.port = port
        self._socket: ClientConnection | None = None

    def kill(self) -> bool:
        """Cut its link, at once; whether there was one."""
        socket, self._socket = self._socket, None
        if socket is None:
            return False
        socket.transport.abort()
        return True

    async def run(self) -> None:
        while True:
            with suppress(OSError, InvalidHandshake):
                async with connect(
                    f"ws://127.0.0.1:{self.port}/",
                    additional_headers={"Authorization": f"Bearer {GOOD}"},
                    max_size=None,
                    compression=None,
                ) as self._socket:
                    await self._serve(engine_link(self._socket))
            self._socket = None
            await asyncio.sleep(0.2)

    async def _recognise(self, windows: Sequence[Window]) -> Sequence[Hypothesis]:
        return self._recognizer.recognise_all(windows)

    async def _serve(self, link: WebSocketLink[wire.ToEngine, wire.ToServer]) -> None:
        clock = EngineClock()
        session = LinkSession(
            wire.EngineHello(protocol=wire.PROTOCOL, name="e", model="scripted", languages=(), channels=1),
            voice=ScriptedVoiceActivity,
            media=lambda attach: ArrivalTime(attach.audio_from),
            cpu_ms=clock.cpu_ms,
            speech=Revising,
        )
        await run_live(session, link, self._recognise, clock)


class Hall(HallProcess):
    """Its engine is not a child of it."""

    def __init__(self, engine: Engine, data: Path, audio: Path, model: str, port: int) -> None:
        super().__init__(data, audio, model, port)
        self._engine = engine
        self.settings = {
            "MOOTHALL_ENGINE__COUNT": "0",
            "MOOTHALL_ENGINE__LISTEN_PORT": str(engine.port),
            "MOOTHALL_ENGINE__TOKENS": str(data.with_name("tokens")),
        }

    def kill_engine(self) -> bool:
        return self._engine.kill()


@pytest.mark.slow
async def test_killed_between_the_end_of_a_line_and_its_better_text(tmp_path: Path) -> None:
    script = make_script(5, 34)
    (tmp_path / "script.json").write_bytes(write_script(script))
    (tmp_path / "tokens").write_text(f"far {GOOD}\n")
    write_wave(tmp_path / "sound.wav", render(script))
    engine = Engine(script, free_port(2))
    model = f"scripted:{tmp_path / 'script.json'}"
    hall = Hall(engine, tmp_path / "data", tmp_path / "sound.wav", model, free_port(1))
    async with asyncio.TaskGroup() as group:
        working = group.create_task(engine.run())
        async with watched(hall) as witness:
            kills = await kill_at_random(hall, witness, 5, seed=16, longest_ms=1_500)
            await witness.until(lambda: witness.closed)
        working.cancel()
    log = logged(hall.data)
    assert {kill.what for kill in kills} >= {"server", "engine"}
    require_nothing_lost(witness, log)
    assert plain(log.words) == [word.text.strip() for word in script.words]
    ended: dict[SegmentId, str] = {}
    bettered: dict[SegmentId, str] = {}
    for event in map(decode_event, log.bodies.values()):
        match event:
            case le.SegmentEnded():
                ended[event.segment] = event.text
            case le.SegmentCorrected():
                assert event.segment not in bettered
                assert (event.machine, event.base_revision, event.tail) == (True, 0, "")
                bettered[event.segment] = event.text
    assert bettered == {name: loud(text) for name, text in ended.items() if name in bettered}
    # A line whose engine was gone before it could better it stays as it was; and there are fewer of those than kills.
    assert len(ended) - len(kills) <= len(bettered) <= len(ended)
    require_intact(hall.data)
