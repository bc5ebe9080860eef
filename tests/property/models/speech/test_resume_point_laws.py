"""The law of a resume point: an engine that begins there says what the killed engine would have said."""

from __future__ import annotations

import random
from typing import TypedDict

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from moothall.core.commands import CommitWords, EndSegment
from moothall.core.events.lines import Word
from moothall.wire.engine import Attach, ResumePoint
from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.settings import SpeechSettings
from support.sound.speech_strategies import SETTINGS, VOCABULARY, talks
from support.sound.talking import FRAME, Reader, attach, hear, probability, silence


class Terms(TypedDict):
    glossary: list[str]
    near: int


TERMS: Terms = {"glossary": ["Americans", "w7", "evident", "selfish", "holding", "no", "3.5"], "near": 2}


def by_window(words: list[Word], request: PassRequest) -> Hypothesis:
    """A recogniser that hears something else in every other window, and the same in the same one.

    Other terms to prefer make it another window.
    """
    chance = random.Random(f"{request.start} {request.edge} {request.window.glossary}")  # noqa: S311  # always the same
    heard: list[HeardWord] = []
    for word in hear(words, request).words:
        roll = chance.random()
        if roll < 0.08:
            continue
        text = f" {chance.choice(VOCABULARY)}" if roll < 0.2 else word.text
        heard.append(HeardWord(text, word.t0, max(word.t0, word.t1 + chance.randint(-60, 60)), chance.random()))
    if chance.random() < 0.1:  # It stops too early.
        del heard[len(heard) // 2 :]
    language = chance.choice(request.window.languages)
    return Hypothesis(language=language, words=tuple(heard), likeliest=chance.choice(["en", "de", None]))


class Life:
    """One engine, from its attachment on."""

    def __init__(self, attached: Attach, words: list[Word], settings: SpeechSettings) -> None:
        self.channel = SpeechChannel(attached, settings)
        self.reader = Reader(attached)
        self.resume_point: ResumePoint | None = attached.resume_point
        """As it went with the last act."""
        self.t = attached.audio_from
        self._words = words

    def frame(self) -> bool:
        """Live through 32 ms; whether something was committed or ended."""
        acted = self._take(self.channel.hear(self.t, silence(1), [probability(self._words, self.t)]))
        self.t += FRAME
        return self._settle() or acted

    def end(self) -> None:
        """Come to the end of the audio."""
        self._take(self.channel.end_of_audio())
        self._settle()
        assert self.channel.done

    def _settle(self) -> bool:
        acted = False
        while (request := self.channel.next_pass(self.t)) is not None:
            acted |= self._take(self.channel.passed(request, by_window(self._words, request), self.t))
        return acted

    def _take(self, outputs: list[Output]) -> bool:
        self.reader.read(outputs)
        acts = [output for output in outputs if isinstance(output, CommitWords | EndSegment)]
        if acts:
            self.resume_point = self.channel.resume_point
        return bool(acts)


def next_attach(life: Life, generation: int, committed: list[Word], languages: tuple[str, ...]) -> Attach:
    """What the engine after `life` is told."""
    point = life.resume_point
    attached = attach(
        generation=generation,
        languages=languages,
        through=life.reader.through,
        last_words=committed[-20:],
        open_segment=life.reader.open,
        audio_from=0 if point is None else point.audio_from,
        resume_point=point,
        **TERMS,
    )
    if point is not None:
        opened = life.reader.open
        assert point.committed_through == life.reader.through
        assert (point.segment, point.words) == ((None, 0) if opened is None else (opened.segment, len(opened.words)))
    return attached


def said(*times: tuple[int, int]) -> list[Word]:
    return [Word(text=f"w{number}", t0=t0, t1=t1, p=1.0) for number, (t0, t1) in enumerate(times)]


EAGER = SpeechSettings(
    step=200,
    trim_at=1500,
    trim_anywhere_at=2500,
    longest_window=4000,
    longest_segment=2000,
    clause_break=1000,
    alone_margin=300,
)
TO_BE_HEARD_AGAIN = said(
    *((618, 1097), (1097, 1234), (1274, 1732), (2132, 2386), (2536, 2977)),
    *((t, t + 120) for t in range(3377, 5657, 120)),
)
"""The engine is killed before the window that it wants once more."""
SHORT_AFTER_THE_KILL = said(
    *((0, 120), (120, 240), (240, 360), (360, 480), (1180, 1300), (1300, 1420), (1820, 2242), (2242, 2362)),
    *((2362, 2482), (4082, 4202), (4202, 4337), (4337, 4457)),
)
"""The next utterance is heard with what was said before the kill."""


@example(TO_BE_HEARD_AGAIN, EAGER, [3258], ("en", "de"))
@example(SHORT_AFTER_THE_KILL, msgspec.structs.replace(EAGER, step=203), [1, 2912], ("en",))
@given(
    talks(distinct=True),
    SETTINGS,
    st.lists(st.integers(1, 6_000), max_size=6),
    st.sampled_from([("en",), ("en", "de")]),
)
def test_killed_or_not_the_same_is_said(
    words: list[Word], policy: SpeechSettings, lives: list[int], languages: tuple[str, ...]
) -> None:
    end = (words[-1].t1 if words else 0) + 1_600
    end -= end % FRAME
    calm = Life(attach(languages=languages, **TERMS), words, policy)
    while calm.t < end:
        calm.frame()
    calm.end()
    committed: list[Word] = []
    lines: list[str] = []
    attached = attach(languages=languages, **TERMS)
    at = 0
    for generation, length in enumerate([*lives, end], 2):
        life = Life(attached, words, policy)
        at = min(end, at + length)
        while life.t < at:
            life.frame()
        if at == end:
            life.end()
        committed += life.reader.words
        lines += life.reader.said
        if at == end:
            break
        attached = next_attach(life, generation, committed, languages)
    assert committed == calm.reader.words
    assert lines == calm.reader.said  # Not what better passes made of them: the next engine lacks the sound before.
