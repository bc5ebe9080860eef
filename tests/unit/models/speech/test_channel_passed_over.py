"""Windows without an answer from the recogniser: heard again with the following sound, or reported as missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from moothall.core.commands import CommitWords, EndSegment, NoteGap
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import GapReason
from moothall_models.ports import Hypothesis
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.settings import SpeechSettings
from support.sound.talking import FRAME, attach, hear, probability, said, silence

NO_ANSWER = Hypothesis(language="en", words=(), passed_over=True)
SENTENCE = said("We hold these truths to be self-evident.", 1_000)  # Ends at 3100.
Fails = Callable[[PassRequest], bool]


def play(channel: SpeechChannel, words: Sequence[Word], until: int, fails: Fails) -> list[Output]:
    """Frames up to a moment, each with its passes; those that fail have no answer."""
    out: list[Output] = []
    for t in range(0, until, FRAME):
        out += channel.hear(t, silence(1), [probability(words, t)])
        while (request := channel.next_pass(t + FRAME)) is not None:
            out += channel.passed(request, NO_ANSWER if fails(request) else hear(words, request), t + FRAME)
    out += channel.end_of_audio()
    while (request := channel.next_pass(until)) is not None:
        out += channel.passed(request, NO_ANSWER if fails(request) else hear(words, request), until)
    assert channel.done
    return out


def text(out: Sequence[Output]) -> str:
    return "".join(word.text for output in out if isinstance(output, CommitWords) for word in output.words)


def gaps(out: Sequence[Output]) -> list[tuple[int, int]]:
    assert all(output.reason is GapReason.UNHEARD for output in out if isinstance(output, NoteGap))
    return [(output.t0, output.t1) for output in out if isinstance(output, NoteGap)]


def test_what_one_pass_has_no_answer_to_the_next_one_hears() -> None:
    for number in range(6):
        asked: list[PassRequest] = []

        def fails(request: PassRequest, asked: list[PassRequest] = asked, number: int = number) -> bool:
            asked.append(request)
            return len(asked) == number + 1

        out = play(SpeechChannel(attach()), (*SENTENCE, *said("So.", 6_000)), 8_000, fails)
        if number + 1 < len(asked) and asked[number + 1].start <= asked[number].start:
            assert (text(out), gaps(out)) == ("We hold these truths to be self-evident.So.", [])


def test_what_nobody_hears_is_a_gap_behind_the_words_that_were_heard() -> None:
    out = play(SpeechChannel(attach()), SENTENCE, 4_992, lambda request: request.edge > 2_500)
    heard = [word for output in out if isinstance(output, CommitWords) for word in output.words]
    assert text(out).startswith("We hold these")
    ((t0, t1),) = gaps(out)
    assert heard[-1].t1 <= t0 <= 2_500
    assert t1 in range(3_100, 3_200)
    (ended,) = (output for output in out if isinstance(output, EndSegment))
    assert (ended.reason, ended.t1) == (EndReason.PAUSE, heard[-1].t1)
    assert out.index(ended) < next(n for n, output in enumerate(out) if isinstance(output, NoteGap))


def test_an_utterance_to_which_there_is_no_answer_at_all_is_a_gap_and_what_follows_is_heard() -> None:
    out = play(
        SpeechChannel(attach()), (*SENTENCE, *said("So be it.", 6_000)), 9_000, lambda request: request.start < 4_000
    )
    assert text(out) == "So be it."
    ((t0, t1),) = gaps(out)
    assert t0 in range(960, 1_001)
    assert t1 in range(3_100, 3_200)


def test_speech_without_a_pause_is_not_asked_for_ever() -> None:
    words = said(" ".join(f"w{number}" for number in range(300)), 1_000)  # 90 s
    settings, asked = SpeechSettings(), list[tuple[int, int]]()

    def fails(request: PassRequest) -> bool:
        if request.review is None:
            asked.append((request.start, request.edge))
        return 9_000 <= request.edge <= 70_000

    out = play(SpeechChannel(attach()), words, 93_000, fails)
    assert all(edge - start <= settings.longest_window for start, edge in asked)
    assert len(asked) == len(set(asked))
    missing = gaps(out)
    assert missing
    heard = [word for output in out if isinstance(output, CommitWords) for word in output.words]
    assert not any(t0 < word.t1 - 1 and word.t0 + 1 < t1 for word in heard for t0, t1 in missing)
    # What is neither heard nor said to be missing is a word or two where the one meets the other.
    spans = sorted([*missing, *((word.t0, word.t1) for word in heard)])
    assert all(after[0] - before[1] <= 900 for before, after in pairwise(spans))
    assert heard[-1].t1 == words[-1].t1
