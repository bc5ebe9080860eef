"""The text of a caption without its markup: WebVTT's tags and entities, and those that SubRip files borrow."""

from __future__ import annotations

import re
from html import unescape

import msgspec

from moothall.core.kernel.languages import is_language
from moothall.record.wrapping import LINE, plain, together, width

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[^\s.<>]*+)[^\s<>]*+(?:\s++(?P<note>[^<>]*+))?>")
"""Nothing is given back: a file of a single `<` and a million letters would take hours."""
_NAMED = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});?")
_SUBSTATION = re.compile(r"\{\\[^{}]*\}")
"""Commands of SubStation Alpha, which SubRip files have too."""


class CueText(msgspec.Struct, frozen=True):
    """The rows of a caption's text, and what its markup says."""

    rows: tuple[str, ...]
    """None of them blank."""
    voice: str
    """Who speaks; empty where it isn't said, or where several do."""
    language: str
    """BCP-47 tag, where the whole text has one; else empty."""
    timed: bool
    """Whether there are times within the text."""


def cue_text(rows: list[str]) -> CueText:
    """Read the rows of a WebVTT caption. It raises nothing: what is no markup is text, as in browsers."""
    said: list[str] = []
    voices: list[str] = []
    languages: list[str] = []
    outside = False
    in_language = ruby = 0
    timed = False
    source = "\n".join(rows)
    at = 0
    for tag in _TAG.finditer(source):
        before = source[at : tag.start()]
        at = tag.end()
        if not ruby:
            said.append(before)
            outside = outside or (not in_language and bool(before.strip()))
        name, close = (tag["name"] or "").lower(), bool(tag["close"])
        note = unescape(tag["note"] or "").strip()
        timed = timed or name[:1].isdigit()
        match name:
            case "v" if not close:
                voices.append(plain(note))
            case "lang":
                in_language = max(0, in_language + (-1 if close else 1))
                if not close:
                    languages.append(note)
            case "rt":
                ruby = max(0, ruby + (-1 if close else 1))
            case _:
                pass
    rest = source[at:]
    if not ruby:
        said.append(rest)
        outside = outside or (not in_language and bool(rest.strip()))
    text = _NAMED.sub(lambda found: unescape(found[0]), "".join(said))
    whole = set(languages) if not outside else set()
    language = whole.pop() if len(whole) == 1 else ""
    return CueText(
        rows=tuple(row for row in map(plain, text.split("\n")) if row),
        voice=voices[0] if len(set(voices)) == 1 else "",
        language=language if is_language(language) else "",
        timed=timed,
    )


_SUBRIP_TAG = re.compile(r"</?(?:b|i|u|s|font|c)(?:\s[^<>]*)?>", re.IGNORECASE)


def subrip_text(rows: list[str]) -> tuple[str, ...]:
    """The rows of a SubRip caption without the tags that players know; none of them blank. Anything else is text."""
    text = _SUBSTATION.sub("", _SUBRIP_TAG.sub("", "\n".join(rows)))
    return tuple(row for row in map(plain, text.split("\n")) if row)


def joined(rows: tuple[str, ...]) -> str:
    """The rows of a caption as one."""
    return "".join(glue(before, row) + row for before, row in zip(("", *rows), rows, strict=False))


def glue(before: str, after: str) -> str:
    """What stands between two rows of a text: a space; nothing between Chinese or Japanese characters, and within a
    word that is longer than a row, which fills its rows.
    """
    if not before or together(before[-1], after[0]):
        return ""
    word = width(before[before.rfind(" ") + 1 :])
    room = -word % LINE
    return "" if room < width(after[0]) else " "
