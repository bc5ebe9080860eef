"""Turns posts of captioning software that each repeat a window, the last lines of its text, into a stream of changes.

Zoom shows a post in place of the previous one. So some programs (Plover2CAT by default) post their last two or three
lines each time; the last line grows, and the first one disappears. Here posts are appended to each other. So the part
of a post that repeats the previous one is found, and the rest becomes a change at the end of the stream: deletes and
characters. Line breaks in a window are layout, and count as a space.
"""

from __future__ import annotations

import msgspec

from moothall.core.captioning.stream import DELETES, IGNORED

MOST_WINDOW = 1_000
"""Characters of a post that are compared; a longer post never counts as a window."""
OVERLAP = 8
"""Characters that a window must share with the previous one after that has lost its first line."""
DELETE = DELETES[0]
_SPACES = " \t\r\n"
_JOINED = ".,;:!?…)]}'’%»”。、，！？؟،"  # noqa: RUF001  # signs of other writings
"""Characters of various scripts before which no space is inserted."""
_WITHOUT_SPACES = ("zh", "ja", "th", "lo", "km", "my")


class Posts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a sender's posts."""

    window: str = ""
    """The words of the last post on one line; empty when it can't be a window."""
    stands: str = ""
    """The same as it stands in the stream: with its own white space, but for that at its start."""
    rolls: bool = False
    """Whether the last post repeated the one before it."""
    sticks: bool = True
    """Whether the next post is appended without a space: there is none before it, or that one ended in white space."""


def joined(posts: Posts, text: str, language: str) -> tuple[Posts, str]:
    """Return the new state, and the post as characters of the stream.

    Windows are compared by their words: what white space is between them, and at the end of a row, is layout. The first
    post that begins with the words of the whole previous one, and is longer, be it by a space, shows that the sender
    repeats itself. A post that shares nothing with the previous one shows that it no longer does; such a post is
    appended, after a space where the language has spaces.
    """
    text = "".join(sign for sign in text if sign not in IGNORED)
    line = " ".join(text.split())
    window = line if len(line) <= MOST_WINDOW and not set(text) & set(DELETES) else ""
    if window and posts.window and (posts.rolls or _begins_to_roll(posts, window, text)):
        start, same = _overlap(posts.window, window)
        rest = len(posts.window) - start
        if window == posts.window:
            return msgspec.structs.replace(posts, rolls=True), ""
        if same == rest or (same >= OVERLAP and 2 * same >= rest):
            # White space after the words goes too, since the next window has its text there.
            stands = posts.window[:start] + (window if same < max(rest, len(window)) else posts.window[start:])
            kept = _same(posts.stands, stands)
            more = DELETE * (len(posts.stands) - kept) + stands[kept:]
            return Posts(window=window, stands=stands[start:], rolls=True, sticks=False), more
    if not text:
        return posts, ""
    space = "" if posts.sticks or _sticks(text, language) else " "
    stands = text.lstrip() if window else ""
    return Posts(window=window, stands=stands, sticks=text[-1].isspace()), space + text


def _begins_to_roll(posts: Posts, window: str, text: str) -> bool:
    return window.startswith(posts.window) and len(text.lstrip()) > len(posts.stands)


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
