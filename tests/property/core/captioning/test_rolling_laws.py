from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.captioning.rolling import Posts, joined
from moothall.core.captioning.stream import Stream, take

STARTS, MIDDLES, ENDS = "bdfg", ("a", "é", "oui", "unde"), ("l", "ção", ".")
WORDS = [f"{start}{middle}{end}" for start in STARTS for middle in MIDDLES for end in ENDS]


def rolled(words: list[str], *, longest: int, rows: int) -> list[str]:
    """The posts of a program that sends its last rows again with each word and each space, as Plover2CAT's
    `make_roll_caps` makes them.
    """
    window, posts = deque[str](maxlen=rows), list[str]()
    for piece in [each for word in words for each in (word, " ")]:
        last = window.pop() if window else ""
        window.extend([last, piece] if len(last) + len(piece) > longest else [last + piece])
        posts.append("\n".join(row.lstrip(" ") for row in window if row.lstrip(" ")))
    return posts


@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=len(WORDS), unique=True),
    longest=st.integers(20, 40),
    rows=st.integers(2, 4),
)
def test_of_windows_that_roll_each_word_stands_once(words: list[str], longest: int, rows: int) -> None:
    known, stream = Posts(), Stream()
    for post in rolled(words, longest=longest, rows=rows):
        known, characters = joined(known, post, "pt")
        stream, _ = take(stream, characters, 0)
    assert stream.buffer.split() == words
