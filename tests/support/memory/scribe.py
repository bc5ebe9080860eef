"""An engine that says what the test orders, to see how far the words have come."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.signals import ChannelState, Sound
from moothall.testing.engine_link import EngineEnd
from moothall.wire import engine as wire
from support.memory.hall import FLOOR
from support.memory.microphone import Ears


class Scribe(Ears):
    """Hears everything, and reports a word or silence on the test's order."""

    def __init__(self) -> None:
        super().__init__()
        self.said = 0
        self._link: EngineEnd | None = None
        self._attached: wire.Attach | None = None

    async def listen(self, link: EngineEnd, channels: int = 4) -> None:
        self._link = link
        await super().listen(link, channels)

    def attached(self, message: wire.Attach) -> None:
        self._attached = message

    async def word(self, t0: int, t1: int) -> None:
        """Commit a line of one word, from media ms `t0` to `t1`."""
        self.said += 1
        attach, link = self._attached, self._link
        assert attach is not None
        assert link is not None
        line = SegmentId(f"line{attach.generation}-{self.said}")
        start = do.SegmentStart(t0=t0, language="en")
        words = (le.Word(text=f"w{self.said}", t0=t0, t1=t1),)
        commands = (
            do.CommitWords(
                channel=FLOOR, generation=attach.generation, segment=line, first=0, words=words, start=start
            ),
            do.EndSegment(channel=FLOOR, generation=attach.generation, segment=line, t1=t1, reason=le.EndReason.PAUSE),
        )
        await link.send(wire.PassAct(attachment=attach.attachment, id=CommandId(f"say:{line}"), commands=commands))

    async def better(self, text: str) -> None:
        """Send another text of the line of the last word."""
        attach, link = self._attached, self._link
        assert attach is not None
        assert link is not None
        line = SegmentId(f"line{attach.generation}-{self.said}")
        command = do.ReviseSegment(channel=FLOOR, generation=attach.generation, segment=line, base_words=1, text=text)
        await link.send(wire.PassAct(attachment=attach.attachment, id=CommandId(f"better:{line}"), commands=(command,)))

    async def quiet(self, t: int) -> None:
        """Report silence at media ms `t`, and that all words before it have been said."""
        attach, link = self._attached, self._link
        assert attach is not None
        assert link is not None
        state = ChannelState(channel=FLOOR, sound=Sound.SILENCE, lag=0, t=t)
        await link.send(wire.Tell(attachment=attach.attachment, signal=state))
