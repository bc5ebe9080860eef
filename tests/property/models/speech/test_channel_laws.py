"""Laws of a channel: whatever it hears, it never retracts, time never runs back, and nothing is doubled or lost."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.lines import Word
from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import plain
from support.sound.speech_strategies import SETTINGS, VOCABULARY, talks
from support.sound.talking import FRAME, Reader, attach, hear, probability, silence


def unreliable(chance: random.Random, words: list[Word], request: PassRequest) -> Hypothesis:
    """What a bad recogniser makes of a window: words lost, changed, made up, at times that are wrong."""
    heard: list[HeardWord] = []
    for word in hear(words, request).words:
        roll = chance.random()
        if roll < 0.1:
            continue
        text = f" {chance.choice(VOCABULARY)}" if roll < 0.2 else word.text
        t0, t1 = word.t0 + chance.randint(-200, 200), word.t1 + chance.randint(-200, 200)
        heard.append(HeardWord(text, max(0, t0), max(0, t1), chance.random()))
    for _ in range(chance.choice([0, 0, 0, 1, 5])):
        at = chance.randint(0, request.edge - request.start)
        heard.insert(chance.randint(0, len(heard)), HeardWord(f" {chance.choice(VOCABULARY)}", at, at, 0.3))
    language = chance.choice(request.window.languages)
    return Hypothesis(language=language, words=tuple(heard), likeliest=chance.choice(["en", "de", None]))


@given(talks(), SETTINGS, st.randoms(use_true_random=False), st.sampled_from([("en",), ("en", "de")]))
def test_whatever_is_heard_the_protocol_holds(
    words: list[Word], settings: SpeechSettings, chance: random.Random, languages: tuple[str, ...]
) -> None:
    attached = attach(languages=languages)
    channel, reader = SpeechChannel(attached, settings), Reader(attached)
    running: PassRequest | None = None
    t, end = 0, (words[-1].t1 if words else 0) + chance.randint(0, 2_000)
    while t < end:
        if chance.random() < 0.01:
            t += FRAME * chance.randint(1, 200)
        frames = chance.choice([1, 1, 2, 5, 30])
        odds = [abs(probability(words, t + n * FRAME) - chance.random() * 0.7) for n in range(frames)]
        reader.read(channel.hear(t, silence(frames), odds))
        t += frames * FRAME
        if running is not None and chance.random() < 0.5:
            reader.read(channel.passed(running, unreliable(chance, words, running), t))
            running = None
        running = running or channel.next_pass(t)
    reader.read(channel.end_of_audio())
    for _ in range(1_000):
        if running is not None:
            reader.read(channel.passed(running, unreliable(chance, words, running), t))
        running = channel.next_pass(t)
        if running is None:
            break
    assert channel.done
    assert reader.open is None


def live(channel: SpeechChannel, words: list[Word], begin: int, end: int, chance: random.Random) -> list[list[Output]]:
    """Life until `end`, on a recogniser that is right about words and up to 60 ms wrong about times."""
    out: list[list[Output]] = []
    for t in range(begin, end, FRAME):
        out.append(channel.hear(t, silence(1), [probability(words, t)]))
        if (request := channel.next_pass(t + FRAME)) is not None:
            out.append(channel.passed(request, jittered(words, request, chance), t + FRAME))
    return out


def jittered(words: list[Word], request: PassRequest, chance: random.Random) -> Hypothesis:
    heard = tuple(
        HeardWord(word.text, max(0, word.t0 + chance.randint(-60, 60)), max(0, word.t1 + chance.randint(-60, 60)), 0.9)
        for word in hear(words, request).words
    )
    return Hypothesis(language="en", words=heard)


@given(talks(distinct=True), SETTINGS, st.randoms(use_true_random=False), st.lists(st.integers(500, 9_000), max_size=4))
def test_words_are_neither_doubled_nor_lost_over_restarts(
    words: list[Word], settings: SpeechSettings, chance: random.Random, lives: list[int]
) -> None:
    attached = attach()
    committed: list[Word] = []
    end = (words[-1].t1 if words else 0) + 1_600
    end -= end % FRAME
    killed = 0
    for generation, length in enumerate([*lives, None], 1):
        channel, reader = SpeechChannel(attached, settings), Reader(attached)
        killed = end if length is None else min(end, killed + length)
        for outputs in live(channel, words, attached.audio_from, killed, chance):
            reader.read(outputs)
        if length is None:
            reader.read(channel.end_of_audio())
            while (request := channel.next_pass(end)) is not None:
                reader.read(channel.passed(request, jittered(words, request, chance), end))
            assert channel.done
        committed += reader.words
        attached = attach(
            generation=generation + 1,
            through=reader.through,
            last_words=committed[-20:],
            open_segment=reader.open,
            audio_from=max(0, reader.through - 2_000),
        )
    assert [plain(word.text) for word in committed] == [plain(word.text) for word in words]
