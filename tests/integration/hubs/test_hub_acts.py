"""Acts of a hub's room in a whole server: in the log, on the pages, and there again after a restart."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.acts import AnyAct, AskAct, HeadCountAct, SupportAct
from support.desks.meeting import S, meeting
from support.sessions.questions import name, stand

MODERATOR = Actor(Role.MODERATOR, "m1")


async def test_a_room_far_away_asks_and_is_counted(tmp_path: Path) -> None:
    def act(act: AnyAct, known_by: str, at: int) -> wire.Act:
        return wire.Act(id=CommandId(known_by), session=S, at=at, title="Kisumu", act=act)

    asked = AskAct(intervention=name("why"), kind=InterventionKind.QUESTION, text="Who pays?", language="en", asker="x")
    acts: list[tuple[AnyAct, str]] = [(asked, "ask:why"), (HeadCountAct(people=23), "c1")]
    async with meeting(tmp_path) as on:
        now = on.running.backend.clock.wall()
        unknown = await on.running.hub_acts.take("kisumu", act(acts[1][0], "c0", now), "0a1b")
        assert isinstance(unknown, wire.ActNotDone)
        assert unknown.message == "There is no such hub."
        assert not on.live.state.hubs
        assert isinstance(await on.running.backend.hubs.add("Kisumu", Details()), tuple)
        for each, known_by in acts * 2:
            assert isinstance(await on.running.hub_acts.take("kisumu", act(each, known_by, now), "0a1b"), wire.ActDone)
        await on.do(stand(InterventionStatus.QUEUED, "why"), by=MODERATOR)
        support = act(SupportAct(intervention=name("why"), count=4), "s1", now)
        assert isinstance(await on.running.hub_acts.take("kisumu", support, "0a1b"), wire.ActDone)
        async with aiohttp.ClientSession() as client:
            async with client.get(f"{on.running.address}/s/{S}/screen", headers={"Accept-Language": "en"}) as response:
                assert "Kisumu\u2069 is with us: 23 people" in await response.text()
            async with client.get(f"{on.running.address}/s/{S}/record.json") as response:
                assert (await response.json())["hubs"] == [{"hub": "kisumu", "title": "Kisumu", "most": 23}]
            async with client.get(f"{on.running.address}/s/{S}", headers={"Accept-Language": "en"}) as response:
                assert "Kisumu\u2069 (23 people)" in await response.text()
        first = on.live.state.questions.last
        assert first == 1
