"""The desk of the proofs by faults: several people send over it at once, such as a typist who has a line removed.

Two people who each opened and closed the connection once kept each other out of a healthy server,
for a minute and longer.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.desks.persistent import PersistentDesk
from support.desks.process import FLOOR, desk_hall
from support.halls.process import SESSION, free_port


@pytest.mark.timeout(60)
async def test_all_who_send_at_one_desk_are_answered_also_when_the_server_was_killed(tmp_path: Path) -> None:
    async with desk_hall(tmp_path / "data", free_port(43)) as hall:
        desk = PersistentDesk([hall.address], hall.token, again_s=0.2, patience_s=5.0)

        async def typed(name: str) -> bool:
            line = {"do": "type", "channel": FLOOR, "segment": name, "text": f"{name}.", "language": "en"}
            return "receipt" in await desk.send(SESSION, "act", {"id": name, "commands": [line]})

        try:
            assert all(await asyncio.gather(typed("a1"), typed("a2"), typed("a3")))
            await hall.kill()
            answers = await asyncio.gather(typed("b1"), typed("b2"), hall.start(), typed("b3"))
            assert answers.count(True) == 3
        finally:
            await desk.close()
        assert sorted(hall.texts())[-6:] == ["a1.", "a2.", "a3.", "b1.", "b2.", "b3."]
