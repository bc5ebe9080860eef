"""A whole server with its engine, one of which is stopped for longer than any time limit."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from moothall.app.hall import hall
from moothall.services.supervision.engine_watch import Patience
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.testing.scripted import Script, make_script, render, write_script
from support.halls.process import (
    CLOCK,
    HallProcess,
    free_port,
    logged,
    plain,
    require_nothing_lost,
    watched,
    write_wave,
)

pytestmark = [pytest.mark.slow]
SILENT_MS = Patience().silent_ms


def made(folder: Path, number: int, script: Script) -> HallProcess:
    (folder / "script.json").write_bytes(write_script(script))
    write_wave(folder / "sound.wav", render(script))
    return HallProcess(folder / "data", folder / "sound.wav", f"scripted:{folder / 'script.json'}", free_port(number))


async def test_an_engine_that_is_stopped_is_replaced_and_every_word_stands_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = make_script(44, 100)
    on = made(tmp_path, 20, script)
    async with watched(on) as witness:
        await witness.more_words(5)
        stopped, words, since = on.engine_pid, len(witness.words), CLOCK.monotonic()
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        attached = witness.attached
        await witness.until(lambda: witness.attached > attached)
        replaced = CLOCK.monotonic() - since
        await witness.more_words(words)
        back = CLOCK.monotonic() - since
        await witness.until(lambda: witness.closed)
    with capsys.disabled():
        print(f"\nengine stopped: another one attached after {replaced} ms, the next words after {back} ms")  # noqa: T201
    log = logged(on.data)
    require_nothing_lost(witness, log)
    assert plain(log.words) == [word.text.strip() for word in script.words]
    assert log.gaps == 0
    assert witness.attached == attached + 1
    assert replaced >= SILENT_MS - 1_000


async def test_a_server_that_is_stopped_kills_no_engine(tmp_path: Path) -> None:
    script = make_script(45, 60)
    on = made(tmp_path, 21, script)
    async with watched(on) as witness:
        await witness.more_words(5)
        engine = on.engine_pid
        os.kill(on.pid, signal.SIGSTOP)
        await CLOCK.sleep(2 * SILENT_MS)
        os.kill(on.pid, signal.SIGCONT)
        words = len(witness.words)
        await witness.more_words(words)
        assert on.engine_pid == engine
        await witness.until(lambda: witness.closed)
    log = logged(on.data)
    assert plain(log.words) == [word.text.strip() for word in script.words]
    assert log.gaps == 0
    assert "given up" not in on.log.read_text()


async def test_translators_that_are_stopped_with_nothing_to_do_are_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=("echo",)),
    )
    async with hall(settings) as running:
        assert running.translator is not None
        while not running.translation.translators.connected:
            await CLOCK.sleep(50)
        stopped = running.translator.pid
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        since = CLOCK.monotonic()
        while running.translation.translators.connected:
            await CLOCK.sleep(50)
        while not running.translation.translators.connected:
            await CLOCK.sleep(50)
        replaced = CLOCK.monotonic() - since
        assert running.translator.pid != stopped
    with capsys.disabled():
        print(f"\ntranslators stopped: others are there after {replaced} ms")  # noqa: T201
    assert replaced >= SILENT_MS - 1_000
