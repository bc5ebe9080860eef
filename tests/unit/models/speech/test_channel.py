from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from moothall.core.commands import CommitWords, EndSegment, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.ids import SegmentId
from moothall.core.signals import ChannelState, Partial, Sound
from moothall.wire.engine import OpenSegment, OtherReadings
from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.speech.channel import Output, Reporter, SpeechChannel
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.turns.known import HeardVoice
from support.sound.talking import CHANNEL, FRAME, Reader, attach, hear, play, probability, said, settle, silence

SLOW_TO_AGREE = SpeechSettings(first_pass=3_200, longest_window=3_200, alone_p=1.0, trim_anywhere_at=9_999)
EMPTY = Hypothesis(language="en", words=())
SENTENCE = said("We hold these truths to be self-evident.", 1_000)  # Ends at 3100.


def text(outputs: list[Output]) -> str:
    return "".join(word.text for output in outputs if isinstance(output, CommitWords) for word in output.words)


def ends(outputs: list[Output]) -> list[tuple[EndReason, int]]:
    return [(output.reason, output.t1) for output in outputs if isinstance(output, EndSegment)]


def partials(outputs: list[Output]) -> list[str]:
    return [output.text for output in outputs if isinstance(output, Partial)]


def speak(channel: SpeechChannel, begin: int, end: int, p: float = 0.9) -> list[Output]:
    out: list[Output] = []
    for t in range(begin, end, 32):
        out += channel.hear(t, silence(1), [p])
    return out


def said_by(*words: tuple[str, int, int], p: float = 0.9) -> Hypothesis:
    return Hypothesis(language="en", words=tuple(HeardWord(f" {word}", t0, t1, p) for word, t0, t1 in words))


def test_a_sentence_is_committed_as_it_is_spoken() -> None:
    channel = SpeechChannel(attach())
    reader = Reader(attach())
    spoken = play(channel, SENTENCE, 0, 2_496)
    reader.read(spoken)
    assert text(spoken).startswith("We hold")
    assert reader.open is not None
    reader.read(play(channel, SENTENCE, 2_496, 4_992))
    assert reader.lines == ["We hold these truths to be self-evident."]
    assert reader.through == 3_100
    assert not channel.done
    reader.read(channel.end_of_audio())
    assert channel.done


def chinese(text: str, language: str) -> Hypothesis:
    """A pass that heard these characters, one in 100 ms, and of none is sure enough to commit it alone."""
    words = tuple(HeardWord(sign, 100 * n, 100 * n + 90, 0.68) for n, sign in enumerate(text))
    return Hypothesis(language=language, words=words)


@pytest.mark.parametrize(
    ("language", "shown", "agreed"),
    [
        ("zh", "大数据分析能力", "大数据分析能"),
        ("zh-TW", "大數據分析能力", "大數據分析能"),
        ("yue", "大數據分析能力", "大"),
    ],
)
def test_passes_in_two_scripts_agree_where_a_language_has_one(language: str, shown: str, agreed: str) -> None:
    channel = SpeechChannel(attach(languages=(language,)), scripts=load_scripts())
    passes, t = list[list[Output]](), 0
    for heard in ("大數據分析能力", "大数据分析能力"):
        while (request := channel.next_pass(t)) is None:
            channel.hear(t, silence(1), [0.9])
            t += FRAME
        passes.append(channel.passed(request, chinese(heard, language), t))
    first, second = passes
    assert (text(first), partials(first)) == ("", [shown])
    assert text(second) == agreed


def pauses(
    second: tuple[Word, ...], languages: tuple[str, ...] = ("en",), in_context: tuple[Word, ...] = ()
) -> tuple[list[int], str]:
    """Beginnings, media ms, of the windows in the pause after `second`, which was said after a pause, and all text.

    With its context it is heard as `in_context`.
    """
    channel = SpeechChannel(attach(languages=languages))
    first = said("We hold these truths.", 512)
    begins, out = [], list[Output]()
    for t in range(0, 6_400, FRAME):
        out += channel.hear(t, silence(1), [probability((*first, *second), t)])
        while (request := channel.next_pass(t + FRAME)) is not None:
            if request.window.settled and request.edge > second[0].t0 and request.review is None:
                begins.append(request.start)
            words = in_context if begins[-1:] == [0] else second
            out += channel.passed(request, hear((*first, *words), request), t + FRAME)
    return begins, text(out)


def unsure(text: str, t: int = 2_624, p: float = 0.4) -> tuple[Word, ...]:
    return tuple(replace(word, p=p) for word in said(text, t))


@pytest.mark.parametrize(
    ("in_context", "heard"),
    [(unsure("To be so.", p=0.8), "To be so."), (unsure("To be so.", p=0.3), "Two bees sew."), ((), "Two bees sew.")],
    ids=["surer", "less sure", "nothing"],
)
def test_a_short_utterance_in_doubt_is_heard_with_what_was_said_before_it(
    in_context: tuple[Word, ...], heard: str
) -> None:
    for languages in (("en",), ("en", "de")):
        begins, all_text = pauses(unsure("Two bees sew."), languages, in_context=in_context)
        assert begins == [2_272, 0], "3 s before, of which the audio has 2.3"
        assert all_text == f"We hold these truths.{heard}"


def test_an_utterance_that_is_not_believed_may_be_with_what_was_said_before_it() -> None:
    begins, all_text = pauses(unsure("Two bees sew.", p=0.1), in_context=unsure("To be so.", p=0.7))
    assert (begins, all_text) == ([2_272, 0], "We hold these truths.To be so.")


@pytest.mark.parametrize(
    ("second", "languages"),
    [
        (said("To be so.", 2_624), ("en",)),
        (said("To be so, and then again to", 2_624) + unsure("be.", 4_724), ("en",)),
        (unsure("To be so.", 5_120), ("en",)),
    ],
    ids=["sure", "committed in part", "long after"],
)
def test_no_other_utterance_is(second: tuple[Word, ...], languages: tuple[str, ...]) -> None:
    begins, _ = pauses(second, languages)
    assert begins == [second[0].t0 // FRAME * FRAME - 352] * len(begins)
    assert begins


def test_half_a_word_behind_a_cut_is_neither_committed_nor_shown() -> None:
    channel = SpeechChannel(attach(through=1_100, audio_from=1_100, cut=1_100))
    out = play(channel, SENTENCE, 1_100, 4_972, close=True)  # In the middle of `We`; `hold` begins at 1300.
    assert text(out) == "these truths to be self-evident."
    assert not any("hold" in shown for shown in partials(out))


def test_what_is_far_behind_is_heard_in_few_windows_but_where_another_engine_had_begun() -> None:
    first = SpeechChannel(attach())
    speak(first, 0, 2_400)
    request = first.next_pass(now=2_400)
    assert request is not None
    assert request.edge == 928, "the first pass"
    late = SpeechChannel(attach())
    speak(late, 0, 2_400)
    request = late.next_pass(now=9_000)
    assert request is not None
    assert request.edge == 2_400, "all that was heard"
    goes_on = SpeechChannel(attach(resume_point=first.resume_point))
    speak(goes_on, 0, 2_400)
    request = goes_on.next_pass(now=9_000)
    assert request is not None
    assert request.edge == 928, "as the other one would have heard it"


def test_the_end_of_the_audio_commits_what_is_left() -> None:
    channel = SpeechChannel(attach())
    words = said("We hold these", 1_000)
    out = play(channel, words, 0, 1_888, close=True)
    assert text(out) == "We hold these"
    assert ends(out) == [(EndReason.CLOSE, 1_888)]
    assert channel.done
    assert channel.end_of_audio() == []
    with pytest.raises(ValueError, match="none after the end"):
        channel.hear(1_888, silence(1), [0.0])


def test_an_end_without_speech_closes_what_was_open() -> None:
    left = OpenSegment(segment=SegmentId("floor-1-1"), language="en", t0=0, words=said("We hold"))
    channel = SpeechChannel(attach(generation=2, through=600, open_segment=left, audio_from=600))
    channel.hear(600, silence(1), [0.0])
    assert ends(channel.end_of_audio()) == [(EndReason.CLOSE, 600)]


def test_a_silence_at_the_seam_ends_what_was_left_open() -> None:
    left = OpenSegment(segment=SegmentId("floor-1-1"), language="en", t0=0, words=said("We hold"))
    channel = SpeechChannel(attach(generation=2, through=600, open_segment=left, audio_from=600))
    assert ends(play(channel, (), 600, 1_592)) == []
    assert ends(play(channel, (), 1_592, 1_624)) == [(EndReason.PAUSE, 600)]


def test_an_open_segment_goes_on_after_the_seam() -> None:
    left = OpenSegment(segment=SegmentId("floor-1-1"), language="en", t0=1_000, words=SENTENCE[:3])
    resumed = attach(generation=2, through=1_900, last_words=SENTENCE[:3], open_segment=left)
    channel, reader = SpeechChannel(resumed), Reader(resumed)
    reader.read(play(channel, SENTENCE, 0, 4_992))
    assert [word.text for word in reader.words] == [word.text for word in SENTENCE[3:]]
    assert reader.lines == ["We hold these truths to be self-evident."]


def test_an_engine_that_takes_up_in_the_middle_of_a_speech_hears_its_end() -> None:
    speech = said("we hold these truths to be self evident that all of us are created equal " * 5)
    channel, reader = SpeechChannel(attach()), Reader(attach())
    reader.read(play(channel, speech, 0, 12_000))
    point = channel.resume_point
    assert point is not None
    assert point.speaking is not None
    assert point.speaking.speech_start < point.begin, "the window has moved on since the speech began"
    resumed = attach(
        generation=2,
        through=reader.through,
        last_words=reader.words[-20:],
        open_segment=reader.open,
        audio_from=point.audio_from,
        resume_point=point,
    )
    after = SpeechChannel(resumed)
    out = speak(after, point.audio_from, point.begin) + speak(after, point.begin, point.begin + 4_000, 0.0)
    assert ends(out)[0][0] is EndReason.PAUSE


def test_one_that_takes_up_before_a_speech_hears_its_beginning_again() -> None:
    channel, reader = SpeechChannel(attach()), Reader(attach())
    reader.read(play(channel, SENTENCE, 0, 2_000))
    point = channel.resume_point
    assert point is not None
    assert point.speaking is not None
    assert point.begin < point.speaking.speech_start
    resumed = attach(
        generation=2,
        through=reader.through,
        last_words=reader.words[-20:],
        open_segment=reader.open,
        audio_from=point.audio_from,
        resume_point=point,
    )
    after = Reader(resumed)
    after.read(play(SpeechChannel(resumed), SENTENCE, point.audio_from, 4_992))
    assert [word.text for word in [*reader.words, *after.words]] == [word.text for word in SENTENCE]
    assert after.lines == ["We hold these truths to be self-evident."]


def test_a_click_is_passed_over_and_ends_nothing() -> None:
    left = OpenSegment(segment=SegmentId("floor-1-1"), language="en", t0=0, words=said("We hold"))
    channel = SpeechChannel(attach(generation=2, through=600, open_segment=left, audio_from=608))
    out = speak(channel, 608, 640) + speak(channel, 640, 1_200, 0.0)
    assert channel.next_pass(1_200) is None
    assert not [output for output in out if not isinstance(output, ChannelState)]


def test_words_of_a_noise_are_not_believed() -> None:
    channel = SpeechChannel(attach())
    speak(channel, 0, 160)
    speak(channel, 160, 448, 0.0)
    request = channel.next_pass(448)
    assert request is not None
    out = channel.passed(request, said_by(("Thank", 0, 60), ("you.", 60, 150), p=0.39), 500)
    assert text(out) == "Thank", "one pass shows it, and all but the last word stay"


def test_what_begins_with_an_improbable_word_is_neither_committed_nor_shown() -> None:
    words = tuple(Word(word.text, word.t0, word.t1, 0.05) for word in said("only way to do it here", 1_000))
    channel = SpeechChannel(attach())
    out = play(channel, words, 0, 20_000, close=True)
    assert not [output for output in out if isinstance(output, CommitWords | Partial)]
    assert channel.done


def test_a_doubtful_word_is_taken_back() -> None:
    channel = SpeechChannel(attach(), SpeechSettings(shown_p=0.35))
    speak(channel, 0, 160)
    speak(channel, 160, 448, 0.0)
    request = channel.next_pass(448)
    assert request is not None
    assert partials(channel.passed(request, said_by(("you.", 0, 150), p=0.38), 500)) == ["you."]
    out = speak(channel, 448, 700, 0.0)
    assert partials(out) == [""]
    assert text(out) == ""


def test_a_gap_ends_whoever_spoke() -> None:
    channel = SpeechChannel(attach())
    words = said("We hold these truths", 0)
    first = play(channel, words, 0, 1_184)
    gap = channel.hear(60_000, silence(1), [0.0])
    late = settle(channel, words, 60_032)
    assert text(first + gap + late) == "We hold these truths"
    assert ends(gap + late) == [(EndReason.PAUSE, 1_184)]
    again = play(channel, said("Next one.", 61_024), 60_032, 63_008)
    assert text(again) == "Next one."


def test_audio_that_does_not_fit_is_refused() -> None:
    channel = SpeechChannel(attach())
    channel.hear(0, silence(2), [0.0, 0.0])
    with pytest.raises(ValueError, match="doesn't follow"):
        channel.hear(32, silence(1), [0.0])
    with pytest.raises(ValueError, match="whole frames"):
        channel.hear(64, silence(1), [0.0, 0.0])


def test_one_pass_at_a_time_and_only_that_one() -> None:
    channel = SpeechChannel(attach(languages=("en", "de")))
    speak(channel, 0, 928)
    request = channel.next_pass(928)
    assert request is not None
    assert (request.start, request.edge, request.deadline) == (0, 928, 1_000)
    assert len(request.window.audio) == 928 * 16
    assert request.window.languages == ("en", "de")
    assert channel.next_pass(1_632) is None
    channel.passed(request, EMPTY, 1_700)
    with pytest.raises(ValueError, match="asked for last"):
        channel.passed(request, EMPTY, 1_700)


def test_speech_that_went_on_during_the_last_pass_is_heard_by_another() -> None:
    channel = SpeechChannel(attach())
    words = said("one two three four five six", 0)
    play(channel, words, 0, 1_184)
    speak(channel, 1_184, 1_632)
    request = channel.next_pass(1_632)
    assert request is not None
    speak(channel, 1_632, 1_824)
    speak(channel, 1_824, 2_400, 0.0)  # The utterance ends while the pass runs.
    out = channel.passed(request, hear(words, request), 2_400)
    assert ends(out) == []
    out += settle(channel, words, 2_400)
    assert text(out).endswith("five six")
    assert ends(out) == [(EndReason.PAUSE, 1_800)]


def test_once_words_stand_another_language_must_be_clearly_heard() -> None:
    channel = SpeechChannel(attach(languages=("en", "de")))
    speak(channel, 0, 1_600)
    for now, languages in ((1_600, ("en", "de")), (2_400, ("de", "en"))):
        request = channel.next_pass(now)
        assert request is not None
        assert request.window.languages == languages
        words = (HeardWord(" Guten", 0, 300, 0.6), HeardWord(" Tag", 300, 1_500, 0.6))
        out = channel.passed(request, Hypothesis(language="de", words=words, likeliest="de"), now)
        speak(channel, now, now + 800)
    assert [output.start.language for output in out if isinstance(output, CommitWords) and output.start] == ["de"]
    request = channel.next_pass(3_200)
    assert request is not None
    assert (request.window.languages, request.window.switch_p) == (("de", "en"), 0.8)


def test_nothing_stays_while_it_is_not_sure_which_language_is_spoken() -> None:
    channel = SpeechChannel(attach(languages=("en", "de"), open_segment=None))
    channel.hear(0, silence(1), [0.0])
    speak(channel, 32, 2_432)
    words = tuple(HeardWord(f" word{n}", n * 100, n * 100 + 100, 0.9) for n in range(6))
    request = channel.next_pass(2_432)
    assert request is not None
    doubted = Hypothesis(language="en", words=words, likeliest="de")
    assert text(channel.passed(request, doubted, 2_432)) == ""
    speak(channel, 2_432, 2_912)
    request = channel.next_pass(2_912)
    assert request is not None
    german = Hypothesis(language="de", words=words, likeliest="de")
    assert text(channel.passed(request, german, 2_912)) == "", "before it is heard in English too"
    again = channel.next_pass(2_912)
    assert again is not None
    assert (again.edge, again.window.languages) == (request.edge, ("en",))
    less_sure = tuple(replace(word, p=0.7) for word in words)
    assert text(channel.passed(again, Hypothesis(language="en", words=less_sure), 2_912)) != ""


@pytest.mark.parametrize(
    ("english", "line"),
    [
        (said_by(("Oh", 0, 300), ("no", 300, 600), p=0.4), "de: ach nein"),
        (said_by(("Oh", 0, 300), ("no", 300, 600), p=0.8), "en: Oh no"),
        (Hypothesis(language="en", words=(), passed_over=True), "de: ach nein"),
    ],
    ids=["less sure", "surer", "no answer"],
)
def test_a_short_utterance_in_another_language_is_heard_in_that_of_the_line_before_too(
    english: Hypothesis, line: str
) -> None:
    channel = SpeechChannel(attach(languages=("en", "de")))
    german = Hypothesis(
        language="de",
        words=(HeardWord(" ach", 0, 300, 0.44), HeardWord(" nein", 300, 600, 0.44)),
        likeliest="de",
    )
    out = play(channel, said("We hold these truths."), 0, 2_624)
    speak(channel, 2_624, 3_200)
    speak(channel, 3_200, 3_456, 0.0)
    asked = []
    while (request := channel.next_pass(3_456)) is not None:
        asked.append(request.window.languages)
        out += channel.passed(request, german if len(asked) == 1 else english, 3_456)
    assert asked == [("en", "de"), ("en",)]
    assert text(out) == "We hold these truths.", "before the utterance is over"
    out += speak(channel, 3_456, 4_000, 0.0)
    last = [output for output in out if isinstance(output, CommitWords)][-1]
    assert last.start is not None
    assert f"{last.start.language}: {''.join(word.text for word in last.words)}" == line


def test_the_sound_may_end_between_the_passes_in_two_languages() -> None:
    channel = SpeechChannel(attach(languages=("en", "de")))
    words = (*said("We hold these truths."), *said("Oh no", 2_800))
    out = play(channel, words[:4], 0, 2_624)
    speak(channel, 2_624, 3_584)
    request = channel.next_pass(3_584)
    assert request is not None
    german = (HeardWord(" ach", 0, 300, 0.44), HeardWord(" nein", 300, 600, 0.44))
    out += channel.passed(request, Hypothesis(language="de", words=german, likeliest="de"), 3_584)
    out += channel.end_of_audio()
    assert not channel.done
    while (request := channel.next_pass(3_584)) is not None:
        out += channel.passed(request, hear(words, request), 3_584)
    assert channel.done
    assert text(out) == "We hold these truths.Oh no", "two lines, each word once"


def test_an_engine_that_goes_on_between_two_languages_hears_the_window_in_both() -> None:
    channel = SpeechChannel(attach(languages=("en", "de")))
    play(channel, said("We hold these truths."), 0, 2_624)
    speak(channel, 2_624, 3_584)
    point, request = channel.resume_point, channel.next_pass(3_584)
    assert request is not None
    words = (HeardWord(" ach", 300, 600, 0.6), HeardWord(" nein", 600, 900, 0.6))
    channel.passed(request, Hypothesis(language="de", words=words, likeliest="de"), 3_584)
    assert channel.resume_point == point
    told = attach(generation=2, languages=("en", "de"), audio_from=point.audio_from, resume_point=point)
    resumed = SpeechChannel(replace(told, committed_through=point.committed_through))
    speak(resumed, point.audio_from, 2_624, 0.0)
    speak(resumed, 2_624, 3_584)
    again = resumed.next_pass(3_584)
    assert again is not None
    assert (again.start, again.edge, again.window.languages) == (request.start, request.edge, ("en", "de"))


def test_where_the_decoder_stopped_too_early_the_rest_is_heard_once_more() -> None:
    channel = SpeechChannel(attach(), SpeechSettings(first_pass=9_999))
    words = said("one two three four five six seven", 0)
    speak(channel, 0, 2_112)
    speak(channel, 2_112, 2_688, 0.0)
    request = channel.next_pass(2_688)
    assert request is not None
    out = channel.passed(request, hear(words[:4], request), 2_700)
    assert text(out) == "one two three four"
    request = channel.next_pass(2_700)
    assert request is not None
    assert request.start == 1_088
    out = channel.passed(request, hear(words[:4], request), 2_700)
    assert ends(out) == [(EndReason.PAUSE, 1_200)], "only once more"


def test_sound_without_words_is_let_go_in_the_end() -> None:
    channel = SpeechChannel(attach(), SpeechSettings(first_pass=3_200, unbelieved_window=3_200, step=800))
    speak(channel, 0, 3_200)
    request = channel.next_pass(3_200)
    assert request is not None
    channel.passed(request, EMPTY, 3_200)
    speak(channel, 3_200, 4_000)
    request = channel.next_pass(4_000)
    assert request is not None
    assert (request.start, request.edge) == (2_176, 4_000)


def test_a_window_at_its_longest_commits_what_it_has() -> None:
    channel = SpeechChannel(attach(), SLOW_TO_AGREE)
    words = said("one two three four five six seven eight nine ten", 0)
    speak(channel, 0, 3_200)
    request = channel.next_pass(3_200)
    assert request is not None
    doubtful = tuple(HeardWord(f" {word.text.strip()}", word.t0, word.t1, 0.5) for word in words)
    out = channel.passed(request, Hypothesis(language="en", words=doubtful), 3_200)
    assert text(out) == "one two three four five six seven eight nine"


def test_overload_works_through_what_has_piled_up() -> None:
    channel = SpeechChannel(attach())
    first, second = said("one two three four.", 0), said("five six.", 3_008)
    speak(channel, 0, 1_184)
    speak(channel, 1_184, 3_008, 0.0)
    speak(channel, 3_008, 3_616)
    late = speak(channel, 3_616, 5_024, 0.0)
    assert [o.lag for o in late if isinstance(o, ChannelState)][-1] >= 4_000
    out = settle(channel, first + second, 9_000)
    assert text(out) == "one two three four.five six."
    assert [end for _, end in ends(out)] == [1_184, 3_608]


def test_states_tell_sound_and_lag() -> None:
    channel = SpeechChannel(attach())
    states = [o for o in play(channel, SENTENCE, 0, 4_992) if isinstance(o, ChannelState)]
    assert [state.sound for state in states[:3]] == [Sound.SILENCE, Sound.SPEECH, Sound.SPEECH]
    assert states[-1].sound is Sound.SILENCE
    assert states[-1].lag == 0
    assert max(state.lag for state in states) < 1_000


def test_an_unexpected_word_text_passes_through_unchanged() -> None:
    channel = SpeechChannel(attach())
    words = (Word("“Real-time”,", 0, 500), Word("3.5", 500, 900), Word("%!", 900, 1_200))
    assert text(play(channel, words, 0, 1_984)) == "“Real-time”, 3.5 %!"


def test_it_speaks_up_when_the_sound_changes_and_once_a_second() -> None:
    reporter = Reporter(CHANNEL, SpeechSettings())
    assert reporter.report(Sound.SILENCE, 5, 100) == [ChannelState(channel=CHANNEL, sound=Sound.SILENCE, lag=5, t=100)]
    assert reporter.report(Sound.SILENCE, 5, 1_099) == []
    assert len(reporter.report(Sound.SILENCE, 5, 1_100)) == 1
    assert reporter.report(Sound.SPEECH, -3, 1_132)[0].lag == 0


def test_what_else_a_word_may_be_comes_with_its_commit() -> None:
    channel = SpeechChannel(attach())
    out: list[Output] = []
    wanted: list[int] = []
    for t in range(0, 4_992, 32):
        out += channel.hear(t, silence(1), [0.9 if 1_000 <= t < 3_100 else 0.0])
        while (request := channel.next_pass(t + 32)) is not None:
            wanted.append(request.window.whole)
            heard = hear(SENTENCE, request)
            doubted = [
                replace(word, p=0.3, others=("troops", "roots")) if word.text == " truths" else word
                for word in heard.words
            ]
            out += channel.passed(request, replace(heard, words=tuple(doubted)), t + 32)
    (readings,) = (each for each in out if isinstance(each, OtherReadings))
    assert (readings.segment, readings.word, readings.texts) == (SegmentId("floor-1-1"), 3, ("troops", "roots"))
    assert text(out) == "We hold these truths to be self-evident."
    assert any(wanted), "words before the edge are about to stay"


def test_another_voice_splits_its_line_and_a_learnt_one_is_told_of() -> None:
    channel = SpeechChannel(replace(attach(), turns=True, voices=True))
    first, second = said("we hold these truths", 320, 500), said("to be so now and then.", 2_320, 500)
    words = [*first, *second]
    out: list[Output] = []
    for t in range(0, 6_400, FRAME):
        voice = 0.0 if t < 2_320 else 1.0
        out += channel.hear(t, np.full(VAD_FRAME, voice, dtype=np.float32), [probability(words, t)])
        while (window := channel.voices.next_window()) is not None:
            share = float(window.speech.mean())
            vector = np.array([1 - share, share], dtype=np.float32)
            out += channel.measured(window, vector / np.float32(np.linalg.norm(vector)))
        out += settle(channel, words, t + FRAME)
    [split] = [output for output in out if isinstance(output, SplitSegment)]
    assert (split.segment, split.word, split.into) == ("floor-1-1", 4, "floor-1-1.2")
    assert split.into is not None
    assert channel.voices.learn(3, split.into) >= 2_000
    heard = [output for output in channel.hear(6_400, silence(1), [0.0]) if isinstance(output, HeardVoice)]
    assert [(each.segment, each.voice) for each in heard] == [(split.into, 3)]


@pytest.mark.parametrize(("takes", "beam"), [(50, 1), (400, 1), (5_000, 0)], ids=["prompt", "slow", "late"])
def test_where_text_is_late_the_recogniser_searches_for_no_other_text_or_word(takes: int, beam: int) -> None:
    channel, t, now = SpeechChannel(attach()), 0, 0
    beams, wholes = list[int](), list[int]()
    while len(beams) < 12:
        speak(channel, t, t := t + 960)
        now = max(now, t)
        while len(beams) < 12 and (request := channel.next_pass(now)) is not None:
            beams.append(request.window.beam)
            wholes.append(request.window.whole)
            now += takes
            channel.passed(request, EMPTY, now)
    assert beams[:3] == [1] * 3
    assert beams[-1] == beam
    assert (wholes[-1] > 0) is (beam > 0)
