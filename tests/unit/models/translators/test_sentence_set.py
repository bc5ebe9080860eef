from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.translators.sentence_set import FILE, MOST, MOST_BYTES, read_sentences


def test_the_sentences_of_moothall_are_the_same_number_in_seven_languages_and_none_comes_twice() -> None:
    given = read_sentences()
    assert given.languages == ("ar", "en", "es", "fr", "pt", "ru", "zh")
    assert not given.own
    for language in given.languages:
        texts = [each[language] for each in given.sentences]
        assert len(set(texts)) == 40
    for sentence in given.sentences:
        assert not any(mark in sentence["zh"] for mark in ",.?!"), "Chinese has marks of its own"
        assert not any(mark in sentence["ar"] for mark in ",?")


def test_a_file_of_the_operator_may_have_any_languages_and_a_pair_what_is_in_both(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[[sentences]]\nen = "Good."\npt-BR = " Bom. "\n\n[[sentences]]\nen = "Bad."\nsw = "Mbaya."\n', "utf-8"
    )
    given = read_sentences(path)
    assert given.own
    assert given.languages == ("en", "pt", "sw")
    assert given.pair("en", "pt") == (["Good."], ["Bom."])
    assert given.pair("pt", "sw") == ([], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sentences = 1", r"A file of sentences has \[\[sentences\]\]"),
        ("[[", "can't be used"),
        ("sentences = []", "has 0 sentences"),
        ('[[sentences]]\nen = "One."', "isn't in two languages"),
        ('[[sentences]]\nen = "One."\nen-GB = "One."', "twice in one"),
        ('[[sentences]]\nen = "One."\nfr = " "', "is empty"),
        (f'[[sentences]]\nen = "{"a" * 1_001}"\nfr = "b"', "more than 1000 characters"),
        ('[[sentences]]\nen = "a"\nfr = "b"\n' * (MOST + 1), f"has {MOST + 1} sentences"),
        ("#" * (MOST_BYTES + 1), "give fewer sentences"),
    ],
)
def test_a_file_that_will_not_do_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=said):
        read_sentences(path)
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_sentences(tmp_path / "none.toml")


def test_the_file_says_who_wrote_it_and_that_nobody_has_checked_it() -> None:
    said = FILE.read_text("utf-8").partition("[[")[0]
    assert "Apache-2.0" in said
    assert "No native speaker has checked them" in said
