"""Laws of the texts given to engines: nothing is lost, too long or unreadable."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from moothall_models.translators.pieces import readable, sentences, within

texts = st.text() | st.text(st.sampled_from("aB. ?!,…\"'»)。\n"), max_size=200)


def without_spaces(text: str) -> str:
    return "".join(text.split())


@given(texts)
def test_sentences_hold_all_of_the_text(text: str) -> None:
    found = sentences(text)
    assert without_spaces("".join(found)) == without_spaces(text)
    assert all(sentence == sentence.strip() != "" for sentence in found)


@given(texts, st.integers(1, 40))
def test_parts_hold_all_of_the_text_and_none_is_too_long(text: str, most: int) -> None:
    parts = within(text, most)
    assert without_spaces("".join(parts)) == without_spaces(text)
    assert all(0 < len(part) <= most for part in parts)


@given(st.text(st.characters()))
def test_what_is_readable_stays_as_it_is(text: str) -> None:
    once = readable(text)
    once.encode()
    assert readable(once) == once
    assert [char for char in once if unicodedata.category(char) in ("Cc", "Cs")] == []
