"""Laws of marking the words that differ."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.proposals.proposing import differing

WORDS = st.lists(
    st.sampled_from(["We", "we", "hold", " hold", "these.", "these", "真理", "ไทย", "-", "  "]), max_size=12
)
TEXTS = WORDS.map(" ".join)


@given(TEXTS, TEXTS)
def test_nothing_is_lost_and_what_is_not_marked_stands_in_both(old: str, new: str) -> None:
    before, after = differing(old, new)
    for pieces, text in ((before, old), (after, new)):
        # Only space at an end belongs to no word.
        assert "".join(piece for piece, _ in pieces).strip() == text.strip()
        assert all(one[1] is not other[1] for one, other in pairwise(pieces))
    kept = ["".join("".join(piece.split()) for piece, differs in pieces if not differs) for pieces in (before, after)]
    assert kept[0] == kept[1]


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    before, after = differing(text, f" {text} ")
    assert not any(differs for _, differs in (*before, *after))
