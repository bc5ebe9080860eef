"""What has to be confirmed of a line are its denials, numbers and names, and what the recogniser was not sure of."""

from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.reports.doubts import DoubtfulWord, DoubtReason, doubts
from moothall.core.sessions.parts import Segment


def told(text: str, language: str, words: tuple[Word, ...] = (), names: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{text[each.start : each.end]}: {' '.join(each.reasons)}"
        for each in doubts(text, language, words, names=names)
    ]


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        (
            "en",
            "Good day. My name is Helen Marsh, and I don't think UNESCO has 3.5 million.",
            ["Helen Marsh: name", "don't: negation", "UNESCO: name", "3.5 million: number"],
        ),
        ("en", "Helen Marsh said so. Then Ana, Ben left", ["Helen Marsh: name", "Then Ana: name", "Ben: name"]),
        ("en", "The IGF. We met −5", ["The IGF: name", "−: negation", "5: number"]),
        (
            "fr",
            "Un texte de M. Diallo, vingt-deux voix, 1 non",
            ["M: name", "Diallo: name", "vingt-deux: number", "1: number", "non: negation"],
        ),
        ("de", "Das Haus der DNS", ["DNS: name"]),
        ("ru", "Мы не приняли двадцать пятый", ["не: negation", "двадцать пятый: number"]),
        ("zh", "我们不同意三十五个IGF提案", ["不: negation", "三十五: number", "IGF: name"]),
        ("ar", "لا نوافق على خمسة وعشرين", ["لا: negation", "خمسة وعشرين: number"]),
        ("en", "", []),
    ],
)
def test_what_is_confirmed(language: str, text: str, found: list[str]) -> None:
    assert told(text, language) == found


def test_names_are_given_too() -> None:
    assert told("今天李明不在", "zh", names=("李明", "王", "…")) == ["李明: name", "不: negation"]
    assert told("with ana", "en", names=("Ana", "Ana Diallo")) == ["ana: name"]
    assert told("with Ana", "en", names=("Ana",)) == ["Ana: name"]


def test_the_recogniser_tells_of_what_it_was_not_sure() -> None:
    words = (Word(" We", 0, 1, 0.9), Word(" ", 1, 1, 0.1), Word(" met", 1, 2, 0.4), Word(" sixty", 2, 3, 0.3))
    assert doubts("We  met sixty", "en", words) == (
        DoubtfulWord(4, 7, (DoubtReason.UNSURE,), 0.4),
        DoubtfulWord(8, 13, (DoubtReason.NUMBER, DoubtReason.UNSURE), 0.3),
    )
    assert doubts("We met sixty", "en", words) == (DoubtfulWord(7, 12, (DoubtReason.NUMBER,)),)


@pytest.mark.parametrize("text", ["We met all sixty", "They met all sixty", "We meet all of the sixty"])
def test_a_word_that_a_second_pass_left_is_as_doubtful_as_before(text: str) -> None:
    words = (Word(" We", 0, 1, 0.9), Word(" met", 1, 2, 0.9), Word(" all", 2, 3, 0.9), Word(" sixty", 3, 4, 0.3))
    name, channel = SegmentId("a"), ChannelId("floor")
    line = Segment(id=name, channel=channel, language="en", t0=0, words=words, base=4, text=text, revision=1)
    assert told(line.whole, "en", line.recognised) == ["sixty: number unsure"]
