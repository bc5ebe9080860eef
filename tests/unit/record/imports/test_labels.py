from __future__ import annotations

import pytest

from moothall.record.imports.labels import label_in, with_labels, without_voices
from moothall.record.imports.past import PastCue


def cue(text: str, name: str = "") -> PastCue:
    return PastCue(row=1, t0=0, t1=1, text=text, name=name)


def found(texts: list[str], *, all_of_them: bool = False) -> list[tuple[str, str]]:
    cues = with_labels([cue(text) for text in texts], {"Speaker not named"}, all_of_them=all_of_them)
    return [(each.name, each.text) for each in cues]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ms. Añez: Good morning.", "Ms. Añez"),
        ("THE CHAIR: Good morning.", "THE CHAIR"),
        ("Prof. Li Wei (China): Yes.", "Prof. Li Wei (China)"),
        (">> Bob: Hi.", "Bob"),
        ("李伟：大家好。", "李伟"),  # noqa: RUF001  # as it is written
        ("أحمد: شكرا", "أحمد"),
        ("María de la Cruz: Sí.", "María de la Cruz"),
    ],
)
def test_what_is_a_name(text: str, name: str) -> None:
    label = label_in(text)
    assert label is not None
    assert label[0] == name


@pytest.mark.parametrize(
    "text",
    [
        "we have three points: one",
        "It is 10:30 now",
        "Really? Yes: it is",
        "https://example.org/x: a page",
        "This is over. And so: it ends",
        "2019: a good year",
        "A very long sentence with many words before the colon: no",
        "--: no",
    ],
)
def test_what_is_no_name(text: str) -> None:
    assert label_in(text) is None


def test_a_name_in_captions_stands_there_twice_or_in_capitals() -> None:
    assert found(["Ann: Hi.", "and more", "Ann: Bye."]) == [("Ann", "Hi."), ("Ann", "and more"), ("Ann", "Bye.")]
    assert found(["Note: this once."]) == [("", "Note: this once.")]
    assert found(["BOB: Hi.", ">> Somebody else."]) == [("BOB", "Hi."), ("", "Somebody else.")]
    assert found(["note: this"], all_of_them=True) == [("note", "this")]


def test_a_speaker_who_is_not_named_ends_the_turn() -> None:
    assert found(["ANN: Hi.", "Speaker not named: Well."]) == [("ANN", "Hi."), ("", "Well.")]


def test_the_name_in_the_text_is_fuller_than_the_voice() -> None:
    cues = [cue("A & <B>: Hi.", "A + ‹B›"), cue("And more.", "A + ‹B›"), cue("Not named: x"), cue("Not named: y")]  # noqa: RUF001
    named = [(each.name, each.text) for (each,) in without_voices(([cue] for cue in cues), {"Not named"})]
    assert named == [("A & <B>", "Hi."), ("A & <B>", "And more."), ("", "x"), ("", "Not named: y")]


def test_a_long_name_is_broken_into_rows_and_captions() -> None:
    line = [cue(text, "Dr. Maximiliana Li") for text in ("Dr. Maxi", "mi liana", "Li: Hello", "again.")]
    assert [(each.name, each.text) for each in without_voices([line], ())[0]] == [
        ("Dr. Maximiliana Li", ""),
        ("Dr. Maximiliana Li", ""),
        ("Dr. Maximiliana Li", "Hello"),
        ("Dr. Maximiliana Li", "again."),
    ]


def test_another_name_in_the_text_stays() -> None:
    line = [cue("Ann: Hello", "Bob"), cue("Bo", "Bob")]
    assert [each.text for each in without_voices([line], ())[0]] == ["Ann: Hello", "Bo"]
    assert without_voices([[cue("Bob", "Bob")]], ())[0][0].text == "Bob"
