"""Acts done at desks before the server was killed (SIGKILL) can be undone afterwards.

Slow: `e2e/desk/test_desk_restart.py` does it by presses, `test_desks.py` and `test_line_moves.py` after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import socketio

from moothall.core import commands as do
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.sessions.state import Status
from support.desks.at_a_desk import act, asked, at_a_desk
from support.desks.process import FLOOR, OTHER, desk_hall
from support.halls.process import free_port, require_intact

AMINA = SpeakerId("amina")


async def undone(client: socketio.AsyncClient, names: Sequence[str]) -> None:
    for name in names:
        await asked(client, "undo", id=name)


@pytest.mark.slow
async def test_everything_is_undone_after_a_kill(tmp_path: Path) -> None:
    async with desk_hall(tmp_path / "data", free_port(41)) as hall:
        before = hall.state()
        async with at_a_desk(hall) as (client, _):
            await act(
                client,
                "amina",
                do.IntroduceSpeaker(speaker=AMINA, name="Amina"),
                do.SetSpeaker(channel=FLOOR, speaker=AMINA, since=SegmentId("s2")),
            )
            mended = do.CorrectSegment(
                channel=FLOOR, segment=SegmentId("s1"), base_revision=0, base_words=1, text="Won."
            )
            await act(client, "mended", mended)
            await asked(client, "move", id="moved", channel=FLOOR, segments=["s2"], session=OTHER)
            await act(
                client,
                "speak",
                do.ForceLanguage(channel=FLOOR, language="pt"),
                do.RewindChannel(channel=FLOOR, t=1_000),
            )
            await act(client, "bye", do.CloseSession())
        assert (hall.texts(), hall.texts(OTHER)) == (["Won."], ["Two."])
        await hall.kill()
        await hall.start()
        async with at_a_desk(hall) as (client, acts):
            assert [(each["id"], each["undone"], bool(each["undo"])) for each in acts] == [
                (name, False, True) for name in ("amina", "mended", "moved", "speak", "bye")
            ]
            assert {each["by"]["label"] for each in acts} == {"Ann"}
            await undone(client, ["bye", "speak", "moved"])
        await hall.kill()
        await hall.start()
        async with at_a_desk(hall) as (client, acts):
            assert [each["id"] for each in acts if each["undone"]] == ["moved", "speak", "bye"]
            await undone(client, ["mended", "amina", "moved"])
    after = hall.state()
    assert (hall.texts(), hall.texts(OTHER)) == (["One.", "Two.", "Three."], [])
    assert after.status is before.status is Status.OPEN
    assert after.channels[FLOOR].speaker is None
    assert after.channels[FLOOR].forced is None
    assert [line.speaker for line in hall.lines()] == [None, None, None]
    require_intact(hall.data)
