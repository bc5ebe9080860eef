"""A server is killed while a microphone sends, and starts without its spool, as when another machine takes over. The
microphone still has the sound, and no word is lost or doubled.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

from moothall.adapters.sound.sender import RATE, Sender
from moothall.app.backend import SPOOL_FOLDER
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.services.sound.live_take import take_of
from moothall.testing.scripted import make_script, render, write_script
from support.halls.microphone_process import MicrophoneHall
from support.halls.process import SESSION, Witness, free_port, logged, plain
from support.halls.readers import until

UNHEARD = 3 * RATE
"""Samples that are safe and of which there are no words."""


async def test_no_word_is_lost_or_doubled_with_the_spool(tmp_path: Path) -> None:
    script = make_script(7, 30, pause_ms=300)
    (tmp_path / "script.json").write_bytes(write_script(script))
    hall = MicrophoneHall(tmp_path / "data", f"scripted:{tmp_path / 'script.json'}", free_port(50))
    await hall.prepare()
    await hall.start()
    witness, sound = Witness(), render(script, tail_ms=120_000)
    try:
        async with asyncio.TaskGroup() as group:
            sender = Sender([hall.address], hall.token, f"/s/{SESSION}/audio", sound)
            tasks = [group.create_task(sender.run()), group.create_task(witness.watch(hall.address))]
            await witness.more_words(5)
            engine = hall.engine_pid
            assert engine is not None
            os.kill(engine, signal.SIGSTOP)  # So that there is sound on the disk of which there are no words.
            unheard = 16 * witness.words[-1].t1 + UNHEARD
            await until(lambda: sender.safe >= unheard)
            await hall.kill()
            os.kill(engine, signal.SIGKILL)
            shutil.rmtree(hall.data / SPOOL_FOLDER)
            await hall.start()
            await witness.more_words(len(script.words) - 1)
            silent = 16 * (script.end + 1_000)
            await until(lambda: (sender.done or 0) >= silent)  # Silence is done, too.
            for task in tasks:
                task.cancel()
    finally:
        await hall.stop()
    log = logged(hall.data)
    assert plain(log.words) == [word.text.strip() for word in script.words]
    assert (witness.repeats, witness.losses, log.gaps, sender.takes) == (0, 0, 0, 1)
    attached = [event for event in map(decode_event, log.bodies.values()) if isinstance(event, ev.SourceAttached)]
    assert len(attached) == 2
    for event in attached:
        _, base = take_of(event.source) or ("", 0)
        assert event.t == base // 16  # The same sample lies at the same time, whichever source it is of.
    for word, said in zip(log.words, script.words, strict=True):
        assert abs(word.t0 - said.t0) <= 300
