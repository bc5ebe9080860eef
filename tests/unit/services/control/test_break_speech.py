from __future__ import annotations

from hall_in_memory import FLOOR, memory_hall
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.signals import ChannelState, Sound
from moothall.services.control.break_speech import BreakSpeech
from moothall.services.log.session_writer import Receipt
from moothall.services.supervision.stalls import Stalls
from moothall.testing.loop import run

FRENCH = ChannelId("fr")


def test_it_counts_from_the_first_sound_of_speech_in_a_break_to_the_next_silence() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            speech = BreakSpeech(hall.sessions, hall.clock, Stalls())

            async def act(*commands: do.AnyCommand) -> None:
                name = CommandId(f"c{live.writer.offset}")
                assert isinstance(await live.writer.send(SYSTEM, name, commands), Receipt)

            async def heard(sound: Sound, channel: ChannelId = FLOOR) -> int:
                live.writer.signal(ChannelState(channel=channel, sound=sound, lag=0, t=0))
                await hall.clock.sleep(1_000)
                return speech.lasts(live.id)

            await act(
                do.OpenSession(),
                do.AddChannel(channel=FRENCH, kind=ChannelKind.INTERPRETATION, languages=("fr",)),
            )
            assert await heard(Sound.SPEECH) == 0, "before it that is what a meeting is for"
            await act(do.PauseSession())
            assert await heard(Sound.SILENCE) == 0
            assert [await heard(Sound.SPEECH), await heard(Sound.SPEECH)] == [1_000, 2_000]
            assert await heard(Sound.SPEECH, FRENCH) == 3_000
            assert await heard(Sound.SILENCE) == 2_000, "the other text"
            assert await heard(Sound.NONE, FRENCH) == 0
            assert await heard(Sound.SPEECH) == 1_000
            await act(do.ResumeSession())
            assert speech.lasts(live.id) == speech.lasts(SessionId("other")) == 0

    run(story())
