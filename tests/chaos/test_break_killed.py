"""A break with a real model, and with kills: no file has anything of the break, and all speech
after its end is in the log.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.commands import PauseSession, ResumeSession
from support.files.traces import BEGIN_MS, END_MS, MODEL, WORD, found_in, heard_in_sounds, make_sound
from support.halls.process import CLOCK, free_port, logged, require_intact, watched
from support.halls.process_with_desk import HallWithDesk

pytestmark = [pytest.mark.model, pytest.mark.chaos]


@pytest.mark.parametrize("killed", ["server", "engine", "nobody"])
async def test_nothing_of_a_break_is_in_any_file(tmp_path: Path, killed: str) -> None:
    secret = await make_sound(tmp_path / "sound.wav")
    temporary, data = tmp_path / "temporary", tmp_path / "data"
    temporary.mkdir()
    hall = HallWithDesk(data, tmp_path / "sound.wav", MODEL, free_port(9), temporary)
    async with watched(hall) as witness:
        await witness.until(lambda: witness.heard >= BEGIN_MS)
        assert await hall.tell(PauseSession()) == "done"
        await witness.until(lambda: witness.heard >= BEGIN_MS + 4_000)
        if killed == "server":
            await hall.kill()
            assert found_in(data, secret) == set()
            await CLOCK.sleep(500)
            await hall.start()
        elif killed == "engine":
            assert hall.kill_engine()
        await witness.until(lambda: witness.heard >= END_MS)
        assert found_in(data, secret) == set()
        assert await hall.tell(ResumeSession()) == "done"
        await witness.until(lambda: witness.closed)
    assert witness.unrecorded == ""
    log = logged(data)
    assert found_in(data, secret) == found_in(temporary, secret) == set()
    assert WORD.encode() not in hall.log.read_bytes().lower()
    kept = await heard_in_sounds(data)
    assert WORD not in kept
    for text in (" ".join(log.texts).casefold(), kept):
        assert "joined us online" in text
        assert "hears" in text
    require_intact(data)


async def test_ended_a_while_ago_what_was_said_since_becomes_text_and_sound(tmp_path: Path) -> None:
    secret = await make_sound(tmp_path / "sound.wav")
    temporary, data = tmp_path / "temporary", tmp_path / "data"
    temporary.mkdir()
    hall = HallWithDesk(data, tmp_path / "sound.wav", MODEL, free_port(10), temporary)
    async with watched(hall) as witness:
        await witness.until(lambda: witness.heard >= BEGIN_MS)
        assert await hall.tell(PauseSession()) == "done"
        await witness.until(lambda: witness.heard >= END_MS)
        assert found_in(data, secret) == set()
        assert await hall.tell(ResumeSession(back=20_000)) == "done"
        await witness.until(lambda: witness.closed)
    text = " ".join(logged(data).texts).casefold()
    for said in ("joined us online", WORD, "hears"):
        assert said in text
    assert WORD in await heard_in_sounds(data)
    require_intact(data)
