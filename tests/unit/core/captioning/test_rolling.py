from __future__ import annotations

import pytest

from moothall.core.captioning.rolling import MOST_WINDOW, Posts, joined
from moothall.core.captioning.stream import Stream, take


def stand(*posts: str, language: str = "en-US") -> str:
    known, stream = Posts(), Stream()
    for post in posts:
        known, characters = joined(known, post, language)
        stream, _ = take(stream, characters, 0)
    return stream.buffer


@pytest.mark.parametrize(
    ("posts", "text"),
    [
        (["Good", "Good morning", "Good morning all"], "Good morning all"),
        (["Good ", "Good morning ", "Good morning  all"], "Good morning all"),
        (["We", "We ", "We open", "We open ", "We open \nit", "We open \nit ", "it \nnow"], "We open it now"),
        (["We", " We  open", "We open "], "We open"),
        (["\ufeffYes", "\ufeffYes we", "No"], "Yes we No"),
        (["a  b\r\n", "a  b\r\nc", "a b c d"], "a b c d"),
        (["Good ", "Good morning ", "Good morning all"], "Good morning all"),
        (["We open", "We open the wrod", "We open the world"], "We open the world"),
        (
            [
                "We open the",
                "We open the meeting\nand greet",
                "We open the meeting\nand greet all\nwho came",
                "and greet all\nwho came\nfrom far away",
            ],
            "We open the meeting and greet all who came from far away",
        ),
        (["We open", "We open it", "We open it", "Quite different words"], "We open it Quite different words"),
        (["Good morning.", "We open it.", "We open it."], "Good morning. We open it. We open it."),
        (["Good", ", all", "\x08\x08\x08you"], "Good, you"),
        (["Good", "", " all"], "Good all"),
        (["a b", "c\nd"], "a b c\nd"),
        (["a  b", "c"], "a  b c"),
        (["x" * (MOST_WINDOW + 1), "x" * (MOST_WINDOW + 2)], f"{'x' * (MOST_WINDOW + 1)} {'x' * (MOST_WINDOW + 2)}"),
    ],
)
def test_what_a_post_repeats_of_the_one_before_stands_once(posts: list[str], text: str) -> None:
    assert stand(*posts) == text


def test_a_language_without_spaces_gets_none() -> None:
    assert stand("早上好", "各位", language="zh-CN") == "早上好各位"
