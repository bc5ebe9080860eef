"""An engine whose last words arrive late, for tests of closing a session."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core import signals
from moothall.core.events import lines as le
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.testing.clock import LoopClock
from moothall.testing.engine_link import EngineEnd
from moothall.wire import engine as wire
from support.memory.hall import FLOOR, hello


async def slow_engine(engine: EngineEnd, clock: LoopClock, takes_ms: int = 1_000, *, says: bool = True) -> None:
    """Commit one word, for the last 300 ms of the sound, `takes_ms` after the sound's end."""
    await hello(engine, channels=4)
    heard: dict[int, tuple[wire.Attach, int]] = {}
    while (message := await engine.receive()) is not None:
        match message:
            case wire.Attach():
                heard[message.attachment] = message, message.audio_from
            case wire.Audio():
                heard[message.attachment] = heard[message.attachment][0], message.t + len(message.pcm) // 32
            case wire.EndOfAudio():
                await clock.sleep(takes_ms)
                attach, end = heard[message.attachment]
                quiet = signals.ChannelState(channel=FLOOR, sound=signals.Sound.SILENCE, lag=0, t=end)
                if not says:
                    await engine.send(wire.Tell(attachment=message.attachment, signal=quiet))
                    continue
                word = le.Word(text="goodbye", t0=end - 300, t1=end)
                said = do.CommitWords(
                    channel=FLOOR,
                    generation=attach.generation,
                    segment=SegmentId(f"a{message.attachment}"),
                    first=0,
                    words=(word,),
                    start=do.SegmentStart(t0=word.t0, language="en"),
                )
                await engine.send(wire.PassAct(attachment=message.attachment, id=CommandId("w"), commands=(said,)))
                await engine.send(wire.Tell(attachment=message.attachment, signal=quiet))
            case wire.Accepted() | wire.Refused():
                await engine.send(wire.Drained(attachment=message.attachment))
            case _:
                pass
