from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from longform import Emitted, by_utterance, emitted, laal, measures, plain, stream_laal, write_log

# The worked example that simulstream 1.0.0 (Apache-2.0) tests its StreamLAAL with: 0.868587 and 5.86 s.
TALK: list[dict[str, Any]] = [
    {
        "start": 12.61,
        "end": 12.61 + 4.07,
        "text": "A New York, sono a capo di un'associazione no profit, chiamata Robin Hood.",
    },
    {
        "start": 16.9,
        "end": 16.9 + 5.14,
        "text": "Quando non combatto la povertà, combatto gli incendi come assistente capitano di una brigata di"
        " pompieri volontari.",
    },
]
TEXT = (
    "Tornando a New York, sono il capo dello sviluppo per un non-profit chiamato Robin Hood."
    " Quando non sto combattendo la povertà, sto combattendo i fuochi."
)
HEARD = TEXT.split()
IDEAL = [14.0] * 4 + [16.0] * 9 + [18.0] * 8 + [20.0] * 4
ELAPSED = [18.22] * 4 + [19.93] * 9 + [23.01] * 8 + [27.30] * 4


def words(times: list[float]) -> list[Emitted]:
    return [Emitted(text, at, at) for text, at in zip(HEARD, times, strict=True)]


class Scorer:
    """The part of the scorer that is used: words of an event, with times spread over its span."""

    def committed_words(self, event: dict[str, Any], language: str) -> list[dict[str, Any]]:
        assert language == "en"
        return [{"word": word, "at": event["at"], "t": event["at"]} for word in event["text"].split()]


def event(kind: str, at: float, segment: str, text: str) -> dict[str, Any]:
    return {"kind": kind, "at": at, "segment": segment, "text": text, "lang": "en"}


EVENTS = [
    event("partial", 0.5, "1", "we"),
    event("commit", 1.0, "1", "We hole"),
    event("commit", 2.0, "1", "these truths."),
    event("commit", 3.0, "2", "So"),
    event("correct", 5.0, "1", "We hold these truths!"),
]


def test_stream_laal_is_that_of_the_published_example() -> None:
    divided = by_utterance(TALK, words(IDEAL))
    assert [len(each) for each in divided] == [15, 10]
    assert stream_laal(TALK, divided) == pytest.approx(0.868587, abs=1e-4)
    assert stream_laal(TALK, by_utterance(TALK, words(ELAPSED))) == pytest.approx(5.86, abs=1e-4)


def test_laal_compares_with_an_even_pace_and_stops_at_the_end_of_the_utterance() -> None:
    assert laal([1.0, 2.0], 2.0, 2) == pytest.approx(1.0)
    assert laal([1.0, 2.0, 9.0], 2.0, 2) == pytest.approx((1 + 2 - 2 / 3) / 2)
    assert laal([3.0, 9.0], 2.0, 2) == 3.0
    assert laal([1.0], 2.0, 4) == 1.0


def test_a_word_counts_from_when_it_was_first_as_it_stays() -> None:
    first = emitted(Scorer(), EVENTS, corrected=False)
    assert [(word.text, word.at) for word in first] == [
        *[("We", 1.0), ("hole", 1.0), ("these", 2.0), ("truths.", 2.0)],
        ("So", 3.0),
    ]
    record = emitted(Scorer(), EVENTS, corrected=True)
    assert [(word.text, word.at) for word in record] == [
        *[("We", 1.0), ("hold", 5.0), ("these", 2.0), ("truths!", 2.0)],
        ("So", 3.0),
    ]


def test_words_are_divided_where_the_fewest_are_wrong() -> None:
    lines = [{"start": 0.0, "end": 1.0, "text": "Ja, so."}, {"start": 2.0, "end": 3.0, "text": "so it is"}]
    told = [Emitted(text, at, at) for text, at in [("uh", 0.1), ("ja", 0.6), ("so", 2.2), ("It", 2.6), ("is.", 3.0)]]
    assert [[word.text for word in each] for each in by_utterance(lines, told)] == [["uh", "ja"], ["so", "It", "is."]]
    assert stream_laal(lines, [[], [told[2]]]) == pytest.approx(0.2)
    assert plain("Ja,") == "ja"


def test_omnisteval_is_given_times_with_computing_and_its_report_is_read(tmp_path: Path) -> None:
    options = write_log("hall", TALK, words(ELAPSED), tmp_path)
    assert options[::2] == ["--speech_segmentation", "--ref_sentences_file", "--hypothesis_file"]
    spans, reference, heard = (Path(path).read_text(encoding="utf-8") for path in options[1::2])
    assert [span["offset"] for span in json.loads(spans)] == [12.61, 16.9]
    assert reference.splitlines() == [line["text"] for line in TALK]
    told = json.loads(heard)
    assert len(told["prediction"].split()) == len(told["elapsed"]) == 25
    assert told["elapsed"][-1] == 27300.0
    assert "delays" not in told
    report = "Scores\n  LongYAAL (CU)  nan\n  LongLAAL (CA)  1187.5000\n  LongYAAL (CA)  -20.0000\n"
    assert measures(report) == [-0.02, 1.1875]
    with pytest.raises(ValueError, match="lacks one of LongYAAL"):
        measures("Scores\n")
