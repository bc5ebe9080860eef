"""An engine's policy that corrects every line at its end, for tests of everything after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moothall.core.commands import CommitWords, EndSegment, ReviseSegment
from moothall.core.events.lines import Word
from moothall.wire.engine import Attach
from moothall_models.ports import Hypothesis, Samples
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest

Better = Callable[[str], str]
"""Returns a line's corrected text."""


def loud(text: str) -> str:
    return f"{text.upper()}!"


class Revising(SpeechChannel):
    """A channel of speech that sends a line's corrected text right after the line's end."""

    def __init__(self, attach: Attach, better: Better = loud) -> None:
        super().__init__(attach)
        self._better = better
        self._line: tuple[Word, ...] = attach.open_segment.words if attach.open_segment is not None else ()

    def hear(self, t: int, samples: Samples, speech: Sequence[float]) -> list[Output]:
        return self._with_better(super().hear(t, samples, speech))

    def end_of_audio(self) -> list[Output]:
        return self._with_better(super().end_of_audio())

    def passed(self, request: PassRequest, hypothesis: Hypothesis, now: int) -> list[Output]:
        return self._with_better(super().passed(request, hypothesis, now))

    def _with_better(self, outputs: list[Output]) -> list[Output]:
        out: list[Output] = []
        for output in outputs:
            out.append(output)
            if isinstance(output, CommitWords):
                self._line = output.words if output.start is not None else (*self._line, *output.words)
            elif isinstance(output, EndSegment):
                revised = ReviseSegment(
                    channel=output.channel,
                    generation=output.generation,
                    segment=output.segment,
                    base_words=len(self._line),
                    text=self._better("".join(word.text for word in self._line)),
                )
                out.append(revised)
        return out
