"""Name the speakers of the sample session while it is played, as somebody at the desk would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from moothall.core.commands import IntroduceSpeaker, SetSpeaker
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SourceId, SpeakerId
from moothall.core.ports import Clock
from moothall.services.sessions.live_session import LiveSession

FLOOR = ChannelId("floor")
AHEAD_MS = 300
"""Milliseconds before the first sound of a turn at which its speaker is named. Turns are at least 600 ms apart."""
LOOK_MS = 200


class SampleTurn(msgspec.Struct, frozen=True):
    """The moment at which somebody begins to speak."""

    at: int
    """Milliseconds after the recording's first sample."""
    speaker: SpeakerId
    name: str


def turns_of(reference: Iterable[str], names: Mapping[str, str]) -> list[SampleTurn]:
    """The turns of a reference, which has one JSON object a line, with `start` in s and `speaker`."""
    said = [json.loads(line) for line in reference]
    before = [None, *(each["speaker"] for each in said)]
    return [
        SampleTurn(round(1_000 * each["start"]), SpeakerId(each["speaker"]), names[each["speaker"]])
        for each, last in zip(said, before, strict=False)
        if each["speaker"] != last
    ]


async def name_speakers(live: LiveSession, source: SourceId, turns: Sequence[SampleTurn], clock: Clock) -> None:
    """Set the speaker of each turn shortly before the sound of `source` reaches it. Returns after the last turn."""
    people = {turn.speaker: turn.name for turn in turns}
    introduced = [IntroduceSpeaker(speaker=speaker, name=name) for speaker, name in people.items()]
    await live.writer.send(SYSTEM, CommandId("sample:speakers"), introduced)
    for number, turn in enumerate(turns):
        while (playing := live.state.sources.get(source)) is None or (
            live.state.media_now(clock.wall()) < playing.t + turn.at - AHEAD_MS
        ):
            await clock.sleep(LOOK_MS)
        command = SetSpeaker(channel=FLOOR, speaker=turn.speaker)
        await live.writer.send(SYSTEM, CommandId(f"sample:turn-{number}"), [command])
