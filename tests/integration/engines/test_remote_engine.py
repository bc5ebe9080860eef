"""An engine that the server didn't start: the same program, a token, the same words."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from moothall.adapters.sound.audio_file import AudioFile
from moothall.app.hall import hall
from moothall.core.commands import AddChannel, AnyCommand, CreateSession
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId, SourceId
from moothall.core.kernel.lanes import Feed
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.testing.scripted import make_script, render, write_script
from support.halls.process import free_port, write_wave
from support.memory.hall import FLOOR

GOOD = "a-token-that-is-long-enough"


async def test_a_remote_engine_with_its_token_writes_the_session(tmp_path: Path) -> None:
    script = make_script(5, 30)
    (tmp_path / "script.json").write_bytes(write_script(script))
    write_wave(tmp_path / "talk.wav", render(script))
    (tmp_path / "tokens").write_text(f"# engines\nfar {GOOD}\n")
    (tmp_path / "token").write_text(GOOD)
    port = free_port(2)
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0, listen_port=port, tokens=str(tmp_path / "tokens")),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        live = await running.backend.sessions.open(SessionId("s"))
        commands: list[AnyCommand] = [
            CreateSession(title="Far", languages=("en",)),
            AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        ]
        await live.writer.send(SYSTEM, CommandId("create"), commands)
        engine = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "moothall", "engine", "--url", f"ws://127.0.0.1:{port}/",
            "--token-file", str(tmp_path / "token"), "--name", "far",
            "--model", f"scripted:{tmp_path / 'script.json'}",
            env={**os.environ, "MOOTHALL_ENGINE_TOKEN": ""}, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await running.ingest.play(
                live.writer,
                SourceId("talk"),
                FLOOR,
                lambda first: AudioFile(tmp_path / "talk.wav", first_sample=first),
                as_live=False,
            )
        finally:
            engine.terminate()
            status = await engine.wait()
        snapshot = (await live.fanout.view(Feed(FLOOR))).snapshot()  # type: ignore[union-attr]  # it has the channel
    assert " ".join(line.text for line in snapshot.lines).split() == [word.text.strip() for word in script.words]
    assert status == 0
