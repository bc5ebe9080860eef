from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import glossary
from moothall_models.ports import Hypothesis, Window
from recordings import Pair, pairs_in, utterances


def test_terms_are_counted_word_for_word_without_case_and_punctuation() -> None:
    assert glossary.count("AfriNIC", "AfriNIC, and afrinic. Afri-NIC! Afri NIC and AfriNIC's") == 3
    assert glossary.count("Adaobi Nwankwo", "Adaobi Nwankwo asks Adaobi, Nwankwo answers") == 2
    assert glossary.count("Kisumu", "") == 0


def test_names_that_are_right_and_names_that_nobody_said() -> None:
    terms = ("Moothall", "Kisumu", "Lilongwe")
    found = glossary.names(terms, "Moothall in Kisumu and Kisumu", "moothall Moothall, in Kisumu and Lilongwe")
    assert found == (3, 2, 2)


def test_each_recording_has_its_glossary_and_says_half_of_it(tmp_path: Path) -> None:
    (pair,) = pairs_in(glossary.HERE)
    terms = glossary.terms_of(pair)
    text = " ".join(line["text"] for line in utterances(pair.reference))
    said = [term for term in terms if glossary.count(term, text)]
    assert (len(said), len(terms)) == (17, 41)
    bare = Pair("other", tmp_path / "other.flac", tmp_path / "other.jsonl", ("en",))
    with pytest.raises(SystemExit, match=r"other has no glossary: put one at .*other\.toml"):
        glossary.terms_of(bare)


def test_one_way_tells_everything_to_every_pass() -> None:
    told: list[tuple[str, ...]] = []

    def recognise(window: Window) -> Hypothesis:
        told.append(window.glossary)
        return Hypothesis(language="en", words=())

    window = Window(audio=np.zeros(160, np.float32), languages=("en",), glossary=("Kisumu",))
    glossary.always(recognise, ("Moothall", "Kisumu"), window)
    assert told == [("Moothall", "Kisumu")]


def test_what_counts_is_what_stands_in_the_end() -> None:
    lines = [
        {"kind": "commit", "segment": "a", "text": "Good"},
        {"kind": "partial", "segment": "a", "text": "mor"},
        {"kind": "commit", "segment": "a", "text": "mourning."},
        {"kind": "commit", "segment": "b", "text": "Moothall."},
        {"kind": "correct", "segment": "a", "text": "Good morning."},
    ]
    assert glossary.final_text(lines) == "Good morning.  Moothall."
