"""Posts of captioning software that sends a window: the last lines of its text as a whole, each time anew.

Zoom shows a post in place of the one before, so that some programs (Plover2CAT by default) post their last two or three
lines each time, which grow, and of which the first goes. Here posts are put behind one another. So what a post repeats
of the one before is found, and what is left is a change at the end of the stream: deletes and characters. Line breaks
of a window are its layout, and count as a space.
"""

from __future__ import annotations

import msgspec

MOST_WINDOW = 1_000
"""Characters of a post that are compared; a longer one is never taken for a window."""
OVERLAP = 8
"""Characters that a window has to share with the one before it once that has lost its first line."""
DELETE = "\x08"
_SPACES = " \t\r\n"
_JOINED = ".,;:!?…)]}'’%»”。、，！？؟،"  # noqa: RUF001  # signs of other writings
"""Before these no space is put."""
_WITHOUT_SPACES = ("zh", "ja", "th", "lo", "km", "my")


class Posts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a sender's posts."""

    window: str = ""
    """The last post, in one line."""
    after: int = 0
    """White space that was put behind it, characters."""
    rolls: bool = False
    """Whether it repeated the one before."""
    sticks: bool = True
    """Whether the next one is put without a space: there is none before, or that ended in one."""


def joined(posts: Posts, text: str, language: str) -> tuple[Posts, str]:
    """A post as characters of the stream.

    The first post that begins with all of the one before it, and is longer, shows that the sender repeats. A post that
    has nothing of the one before shows that it doesn't any more, and is put behind it, with a space where the language
    writes one.
    """
    line = " ".join(text.split())
    window = line if len(line) == len(text.strip()) <= MOST_WINDOW and DELETE not in text else ""
    if window and posts.window and (posts.rolls or (window != posts.window and window.startswith(posts.window))):
        start, same = _overlap(posts.window, window)
        rest = len(posts.window) - start
        if same == rest or (same >= OVERLAP and 2 * same >= rest):
            # What was put behind a window goes with it: the next one says what stands there.
            more = DELETE * (posts.after + rest - same) + window[same:] if same < max(rest, len(window)) else ""
            return Posts(window=window, after=0 if more else posts.after, rolls=True, sticks=False), more
    if not text:
        return posts, ""
    after = len(text) - len(text.rstrip())
    space = "" if posts.sticks or _sticks(text, language) else " "
    return Posts(window=window, after=after, sticks=after > 0), space + text


def _overlap(before: str, now: str) -> tuple[int, int]:
    """From which word of `before` on `now` shares most with it, and how many characters."""
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
    """Whether a post is put to the one before it without a space."""
    return text[0] in _SPACES + _JOINED + "\x08\x7f" or language.partition("-")[0].lower() in _WITHOUT_SPACES
