"""What is said while nothing is recorded stands in no file, whatever happens.

One word that the model spells right is spoken in the span. In another hall, where all is recorded, it is found by the
same search: in the log, and in what the model makes of each sound that is kept.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.core.commands import BeginNotRecorded, EndNotRecorded
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import Unrecorded
from support.files.traces import BEGIN_MS, END_MS, MODEL, WORD, found_in, heard_in_sounds, make_sound, open_for_writing
from support.halls.process import CLOCK, SESSION, HallProcess, free_port, logged, watched
from support.halls.process_with_desk import HallWithDesk

pytestmark = [pytest.mark.model, pytest.mark.timeout(150)]


async def test_a_word_that_was_not_recorded_is_in_no_file(tmp_path: Path) -> None:
    secret = await make_sound(tmp_path / "sound.wav")
    data, control, temporary = (tmp_path / name for name in ("data", "control", "temporary"))
    temporary.mkdir()
    hall = HallWithDesk(data, tmp_path / "sound.wav", MODEL, free_port(5), temporary)
    # Translators that say everything again: what they are given must stand nowhere either.
    hall.settings["MOOTHALL_TRANSLATION__TRANSLATORS"] = "echo"
    other = HallProcess(control, tmp_path / "sound.wav", MODEL, free_port(6))
    async with watched(hall) as witness, watched(other) as all_recorded:
        await witness.until(lambda: witness.heard >= BEGIN_MS)
        assert await hall.tell(BeginNotRecorded()) == "done"
        await witness.until(lambda: WORD in witness.unrecorded.casefold())
        assert not open_for_writing(hall.engine_pid) - {hall.log}
        assert found_in(data, secret) == set()
        async for frame, _ in follow(f"{hall.address}/s/{SESSION}", Feed(ChannelId("mt-pt")), CLOCK):
            said = [signal.text.casefold() for signal in frame.signals if isinstance(signal, Unrecorded)]
            if any(WORD in text for text in said):
                break  # It is translated for those who read, ...
        await witness.until(lambda: witness.heard >= END_MS)
        assert await hall.tell(EndNotRecorded()) == "done"
        await witness.until(lambda: witness.unrecorded == "")
        await all_recorded.until(lambda: WORD in all_recorded.text.casefold())
        assert "sound" in found_in(control, secret)
        assert found_in(data, secret) == set()
        await witness.until(lambda: witness.closed)
        await all_recorded.until(lambda: all_recorded.closed)
    assert FILE_NAME in found_in(control, secret)
    assert WORD in await heard_in_sounds(control)
    assert found_in(data, secret) == set()
    assert found_in(temporary, secret) == set()
    assert WORD.encode() not in hall.log.read_bytes().lower()
    kept = await heard_in_sounds(data)
    assert WORD not in kept
    for text in (" ".join(logged(data).texts).casefold(), kept):
        assert "joined us online" in text
        assert "hears" in text
