"""The tests of `tests/integration/removal/test_not_recorded.py`, with kills in the span, and
with events already logged.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.commands import BeginNotRecorded, EndNotRecorded
from support.files.traces import BEGIN_MS, END_MS, MODEL, WORD, found_in, heard_in_sounds, make_sound
from support.halls.process import CLOCK, free_port, logged, require_intact, watched
from support.halls.process_with_desk import HallWithDesk, Unsaid

pytestmark = [pytest.mark.model, pytest.mark.chaos]


@pytest.mark.parametrize("killed", ["server", "engine"])
async def test_killed_in_the_span_nothing_of_it_is_in_any_file(tmp_path: Path, killed: str) -> None:
    # A busy machine needs a while until the next engine has heard the word.
    secret = await make_sound(tmp_path / "sound.wav", wait_ms=20_000)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    data = tmp_path / "data"
    hall = HallWithDesk(data, tmp_path / "sound.wav", MODEL, free_port(7), temporary)
    async with watched(hall) as witness:
        await witness.until(lambda: witness.heard >= BEGIN_MS)
        assert await hall.tell(BeginNotRecorded()) == "done"
        await witness.until(lambda: witness.heard >= BEGIN_MS + 3_000 and witness.unrecorded)
        attached = witness.attached
        if killed == "server":
            await hall.kill()
            assert found_in(data, secret) == set()
            await CLOCK.sleep(500)
            await hall.start()
        else:
            assert hall.kill_engine()
        # It is still not recorded, and can still be read along.
        await witness.until(lambda: witness.attached > attached)
        await witness.until(lambda: WORD in witness.unrecorded.casefold())
        assert found_in(data, secret) == set()
        if killed == "server":
            await hall.kill()
            assert found_in(data, secret) == set()
            await hall.start()
        await witness.until(lambda: witness.heard >= END_MS)
        assert await hall.tell(EndNotRecorded()) == "done"
        await witness.until(lambda: witness.closed)
    log = logged(data)
    assert found_in(data, secret) == found_in(temporary, secret) == set()
    assert WORD.encode() not in hall.log.read_bytes().lower()
    kept = await heard_in_sounds(data)
    assert WORD not in kept
    for text in (" ".join(log.texts).casefold(), kept):
        assert "joined us online" in text
        assert "hears" in text
    require_intact(data)


async def test_set_back_what_was_logged_already_is_gone_from_every_file(tmp_path: Path) -> None:
    secret = await make_sound(tmp_path / "sound.wav")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    data = tmp_path / "data"
    hall = HallWithDesk(data, tmp_path / "sound.wav", MODEL, free_port(8), temporary)
    async with watched(hall) as witness:
        await witness.until(
            lambda: witness.heard >= END_MS and WORD in " ".join(w.text for w in witness.words).casefold()
        )
        assert found_in(data, secret) != set()
        # To a moment of the pause, however late the witness hears of anything.
        assert await hall.tell(Unsaid(since=BEGIN_MS - 200)) == "done"
        await witness.until(lambda: witness.heard >= END_MS + 500)
        await hall.kill()
        await hall.start()
        assert await hall.tell(EndNotRecorded()) == "done"
        await witness.until(lambda: witness.closed)
    assert found_in(data, secret) == found_in(temporary, secret) == set()
    kept = await heard_in_sounds(data)
    assert WORD not in kept
    for text in (" ".join(logged(data).texts).casefold(), kept):
        assert "joined us" in text
