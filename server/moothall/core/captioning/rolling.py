"""Turns posts of captioning software that each repeat a window, the last lines of its text, into a stream of changes.

Zoom shows a post in place of the previous one. So some programs (Plover2CAT by default) post their last two or three
lines each time; the last line grows, and the first one disappears. Here posts are appended to each other. So the part
of a post that repeats the previous one is found, and the rest becomes a change at the end of the stream: deletes and
characters. Line breaks in a window are layout, and count as a space.
"""

from __future__ import annotations

import msgspec

MOST_WINDOW = 1_000
"""Characters of a post that are compared; a longer post never counts as a window."""
OVERLAP = 8
"""Characters that a window must share with the previous one after that has lost its first line."""
DELETE = "\x08"
_SPACES = " \t\r\n"
_JOINED = ".,;:!?…)]}'’%»”。、，！？؟،"  # noqa: RUF001  # signs of other writings
"""Characters of various scripts before which no space is inserted."""
_WITHOUT_SPACES = ("zh", "ja", "th", "lo", "km", "my")


class Posts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a sender's posts."""

    window: str = ""
    """The last post on one line; empty when it can't be a window."""
    after: int = 0
    """Number of white-space characters that were sent after it."""
    rolls: bool = False
    """Whether the last post repeated the one before it."""
    sticks: bool = True
    """Whether the next post is appended without a space: there is none before it, or that one ended in white space."""


def joined(posts: Posts, text: str, language: str) -> tuple[Posts, str]:
    """Return the new state, and the post as characters of the stream.

    The first post that begins with the whole previous one, and is longer, shows that the sender repeats itself. A post
    that shares nothing with the previous one shows that it no longer does; such a post is appended, after a space where
    the language has spaces.
    """
    line = " ".join(text.split())
    window = line if len(line) == len(text.strip()) <= MOST_WINDOW and DELETE not in text else ""
    if window and posts.window and (posts.rolls or (window != posts.window and window.startswith(posts.window))):
        start, same = _overlap(posts.window, window)
        rest = len(posts.window) - start
        if same == rest or (same >= OVERLAP and 2 * same >= rest):
            # White space after a window is deleted too, since the next window has the text there.
            more = DELETE * (posts.after + rest - same) + window[same:] if same < max(rest, len(window)) else ""
            return Posts(window=window, after=0 if more else posts.after, rolls=True, sticks=False), more
    if not text:
        return posts, ""
    after = len(text) - len(text.rstrip())
    space = "" if posts.sticks or _sticks(text, language) else " "
    return Posts(window=window, after=after, sticks=after > 0), space + text


def _overlap(before: str, now: str) -> tuple[int, int]:
    """The start of the word in `before` from which on `now` shares most with it, and the number of shared
    characters.
    """
    starts = [0, *(at + 1 for at, sign in enumerate(before) if sign == " ")]
    found = [(_same(before[start:], now), start) for start in starts]
    whole = [each for each in found if each[0] == len(before) - each[1] and (each[0] >= OVERLAP or each[1] == 0)]
    same, start = max(whole or found, key=lambda each: (each[0], -each[1]))
    return start, same


def _same(one: str, other: str) -> int:
    for at, (mine, yours) in enumerate(zip(one, other, strict=False)):
        if mine != yours:
            return at
    return min(len(one), len(other))


def _sticks(text: str, language: str) -> bool:
    """Whether a post is appended to the previous one without a space."""
    return text[0] in _SPACES + _JOINED + "\x08\x7f" or language.partition("-")[0].lower() in _WITHOUT_SPACES
