from __future__ import annotations

from collections import Counter
from typing import Any

from attributing import Reference, Token, judge
from folds import Run
from switching import KINDS, kinds_of, kinds_table, rows

LINES: list[dict[str, Any]] = [
    {"start": 0.0, "end": 3.0, "lang": "en"},
    {"start": 4.0, "end": 6.0, "lang": "de"},
    {"start": 8.0, "end": 9.0, "lang": "zh"},
]
WORDS = [
    *[("now", 0, 0.5), ("we", 0, 1.0), ("hold", 0, 1.5), ("these", 0, 2.0), ("truths", 0, 2.5)],
    *[("danke", 1, 4.5), ("sehr", 1, 5.5)],
    ("说", 2, 8.5),
]
REFERENCE = Reference(
    LINES,
    [word for word, _, _ in WORDS],
    [owner for _, owner, _ in WORDS],
    [t for _, _, t in WORDS],
    tuple(frozenset({word, "說"} if word == "说" else {word}) for word, _, _ in WORDS),
)
RIGHT = [Token(text, t, f"s{owner}", str(LINES[owner]["lang"])) for text, owner, t in WORDS]


def test_the_other_form_of_a_character_is_no_error() -> None:
    assert judge(REFERENCE, [*RIGHT[:-1], RIGHT[-1]._replace(text="說")]).faults == []
    assert judge(REFERENCE, [*RIGHT[:-1], RIGHT[-1]._replace(text="話")]).by_utterance(3) == [0, 0, 1]


def test_each_error_is_of_one_kind() -> None:
    heard = [
        *RIGHT[1:2],
        RIGHT[2]._replace(text="old"),
        Token("uh", 1.7, "s0"),
        RIGHT[3],
        *[RIGHT[5]._replace(text="thank", language="en"), RIGHT[6]._replace(text="you", language="en")],
    ]
    assert kinds_of(REFERENCE, judge(REFERENCE, heard)) == Counter(
        {
            "first words missing": 1,
            "misheard": 1,
            "added": 1,
            "last words missing": 1,
            "in another language": 2,
            "utterance missing": 1,
        }
    )
    gap = [*RIGHT[:2], *RIGHT[3:]]
    assert kinds_of(REFERENCE, judge(REFERENCE, gap)) == Counter({"other words missing": 1})


FIGURES = {
    "commit_latency": {"mean": 1.0, "p95": 2.0},
    "visible_latency": {"mean": 0.5},
    "erasure": 0.1,
    "cpu_seconds": 3.0,
    "audio_seconds": 10.0,
    "lang_accuracy": 0.995,
}


def test_the_tables_have_a_row_for_each_language_and_kind() -> None:
    right, none = judge(REFERENCE, RIGHT), judge(REFERENCE, [])
    run = Run("two", REFERENCE, none, right, right, FIGURES, [])
    assert rows([run]) == [
        ["en", "5", "5", "0", "0", "100.0", "0.0", "0.0", *[""] * 6],
        ["de", "2", "2", "0", "0", "100.0", "0.0", "0.0", *[""] * 6],
        ["zh", "1", "1", "0", "0", "100.0", "0.0", "0.0", *[""] * 6],
        ["two", "8", "8", "0", "0", "100.0", "0.0", "0.0", "1.00", "2.00", "0.50", "0.10", "0.300", "99.5"],
    ]
    german = Reference(LINES[1:2], ["danke"], [0], [4.5])
    nothing = judge(german, [])
    alone = Run("one", german, nothing, nothing, nothing, FIGURES, [])
    assert [row[:2] for row in rows([alone])] == [["one", "1"]], "one language is the recording"
    table = kinds_table([run]).splitlines()
    assert [line.split("|")[1].strip() for line in table[2:]] == list(KINDS)
    assert table[2].replace(" ", "") == "|utterancemissing|8|0|0|"
