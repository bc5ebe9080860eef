"""A long text in parts that are translated one after the other: lines of a session get their turn in between, no part
takes an engine long, and paragraphs stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from moothall.core.kernel.languages import primary

MOST = 600
"""Characters of a part: some five sentences. The slowest engine takes a second for them (docs/why/translation.md)."""
_END_OF_LINE = re.compile(r"[\n\r]")
_SENTENCE = re.compile(r"(?<=[^\W\d_]{4})[.?!…]+[\"'”’»)\]]*\s+|[。！？؟।]+\s*")  # noqa: RUF001  # all of them end sentences
"""The end of a sentence behind a word of four letters or more: shorter ones may be abbreviated."""
_WORD = re.compile(r"\s+")
_TOGETHER = frozenset({"ja", "zh"})
"""Languages without a space between sentences."""


def parts_of(text: str, most: int = MOST) -> list[tuple[str, str]]:
    """The parts of a text, each with the white space behind it; together they are the text, but for white space before
    it. A part has at most `most` characters, none at its ends is white space, and none goes over the end of a line.
    """
    found: list[tuple[str, str]] = []
    rest = text.lstrip()
    while rest:
        line = _END_OF_LINE.split(rest, maxsplit=1)[0].rstrip()
        part = line if len(line) <= most else line[: _cut(line, most)].rstrip()
        after = rest[len(part) :]
        rest = after.lstrip()
        found.append((part, after[: len(after) - len(rest)]))
    return found


def together(parts: Sequence[tuple[str, str]], target: str) -> str:
    """Translated parts, each with what stood behind its source, as one text in the `target` language (BCP-47)."""
    space = "" if primary(target) in _TOGETHER else " "
    made = "".join(text + (gap if _END_OF_LINE.search(gap) else space) for text, gap in parts)
    return made.rstrip()


def _cut(line: str, most: int) -> int:
    """Where a line that is too long is cut: behind a sentence, else behind a word, else anywhere."""
    for ends in (_SENTENCE, _WORD):
        places = [match.end() for match in ends.finditer(line[: most + 1]) if len(line[: match.end()].rstrip()) <= most]
        if places and places[-1] > most // 3:
            return places[-1]
    return most
