from __future__ import annotations

import asyncio
import itertools

from moothall.cli.play import find_sample
from moothall.cli.sample_speakers import AHEAD_MS, LOOK_MS, SampleTurn, name_speakers, turns_of
from moothall.core.commands import AnyCommand, AttachSource, OpenSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SpeakerId
from moothall.services.log.act_queue import Receipt
from support.hubs.desk import jumping
from support.memory.hall import FLOOR, MIC, memory_hall

CHAIR, GUEST = SpeakerId("chair"), SpeakerId("guest")


def test_a_turn_begins_where_another_speaks() -> None:
    lines = [
        f'{{"start": {start}, "speaker": "{who}"}}'
        for start, who in ((1.2, "chair"), (6.6, "chair"), (9, "guest"), (12, "chair"))
    ]
    names = {"chair": "Helen", "guest": "Daniel"}
    assert turns_of(lines, names) == [
        SampleTurn(1_200, CHAIR, "Helen"),
        SampleTurn(9_000, GUEST, "Daniel"),
        SampleTurn(12_000, CHAIR, "Helen"),
    ]


def test_the_sample_has_three_speakers_who_take_turns() -> None:
    turns = find_sample().turns()
    assert {turn.name for turn in turns} == {"Helen Marsh", "Daniel Reed", "Peter"}
    assert all(one.speaker != other.speaker for one, other in itertools.pairwise(turns))


@jumping
async def test_speakers_are_named_as_the_sound_comes_to_their_turns() -> None:
    async with memory_hall() as hall:
        live = await hall.session()
        turns = [SampleTurn(1_000, CHAIR, "Helen"), SampleTurn(9_000, GUEST, "Daniel")]
        naming = asyncio.ensure_future(name_speakers(live, MIC, turns, hall.clock))
        await hall.clock.sleep(5_000)
        assert live.state.speakers == {CHAIR: "Helen", GUEST: "Daniel"}
        assert live.state.channels[FLOOR].speaker is None, "nothing is played yet"
        begun: list[AnyCommand] = [OpenSession(), AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000)]
        assert isinstance(await live.writer.send(SYSTEM, CommandId("begin"), begun), Receipt)
        await hall.clock.sleep(1_000 + LOOK_MS)
        assert live.state.channels[FLOOR].speaker == CHAIR
        await hall.clock.sleep(8_000 - AHEAD_MS - 2 * LOOK_MS)
        assert live.state.channels[FLOOR].speaker == CHAIR
        await hall.clock.sleep(AHEAD_MS + 2 * LOOK_MS)
        assert live.state.channels[FLOOR].speaker == GUEST
        await naming
