"""Speakers' names at the beginning of captions and paragraphs, as transcripts write them: `NAME: what was said`.

A name that isn't found stays in the text, where nobody drops it. So whatever is like a name before two captions is
taken for one, and in the transcript of a conference service whatever stands before a colon.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec

from moothall.record.imports.past import PastCue
from moothall.record.wrapping import plain

MOST_WORDS = 8
"""Words of a name: `Ms. Ana Maria dos Santos Silva, the Chair`."""
_LABEL = re.compile(r"(?:>>+\s*|[-–—]\s+)?(?P<name>[^:：>\n]{1,80}?)\s*[:：](?=\s|[^\x00-\x7f]|\Z)\s*")  # noqa: RUF001
_ARROWS = re.compile(r">>+\s*")
"""What captioners write where another person begins to speak."""
_NO_NAME = re.compile(r"[!?…。！？\"“”«»<>{}]|\w{5,}\.\s|https?\Z", re.IGNORECASE)  # noqa: RUF001
_SMALL = frozenset(
    [
        "al",
        "and",
        "bin",
        "da",
        "das",
        "de",
        "del",
        "della",
        "den",
        "der",
        "di",
        "do",
        "dos",
        "du",
        "e",
        "el",
        "et",
        "ibn",
        "la",
        "le",
        "of",
        "the",
        "van",
        "von",
        "y",
        "ten",
        "und",
        "и",
        "ben",
        "ul",
    ]
)
_COLONS = (":", "：")  # noqa: RUF001
_VOICE = str.maketrans({"&": "+", "<": "‹", ">": "›"})  # noqa: RUF001  # as `record.subtitles` writes a voice


class _Found(msgspec.Struct, frozen=True):
    name: str
    rest: str
    sure: bool
    """Whether it is written as only names are: in capitals, or behind arrows."""


def without_voices(cues: Iterable[PastCue], unnamed: Collection[str]) -> list[PastCue]:
    """Captions whose speakers are marked, without the names at the beginning of their texts that repeat the mark.

    `unnamed`: what our own files write for a speaker who isn't named after one who was, in each language.
    """
    found: list[PastCue] = []
    names: dict[str, str] = {}
    before = ""
    for cue in cues:
        name, text = cue.name, cue.text
        if name:
            written, rest = text[: len(name)], text[len(name) :]
            # A voice can't hold every character, the name in the text can.
            if plain(written.translate(_VOICE)) in (name, plain(name.translate(_VOICE))) and rest[:1] in _COLONS:
                names[name], text = written, rest[1:].lstrip()
            name = names.get(name, name)
        elif before:
            text = next((text[len(each) + 1 :].lstrip() for each in unnamed if text.startswith(f"{each}:")), text)
        before = name
        found.append(msgspec.structs.replace(cue, name=name, text=text))
    return found


def with_labels(cues: Sequence[PastCue], unnamed: Collection[str], *, all_of_them: bool) -> list[PastCue]:
    """Captions with the names from the beginnings of their texts as speakers: those that stand there twice, or are
    written as only names are; with `all_of_them` whatever stands there.

    A caption without a name has the speaker of the one before it. `unnamed` as in `without_voices`.
    """
    found = [_label(cue.text) for cue in cues]
    often = Counter(label.name for label in found if label is not None)
    named: list[PastCue] = []
    speaking = ""
    for cue, label in zip(cues, found, strict=True):
        text = cue.text
        if label is not None and label.name in unnamed:
            speaking, text = "", label.rest
        elif label is not None and (all_of_them or (_is_name(label.name) and (label.sure or often[label.name] > 1))):
            speaking, text = label.name, label.rest
        elif (arrows := _ARROWS.match(text)) is not None:
            speaking, text = "", text[arrows.end() :]
        named.append(msgspec.structs.replace(cue, name=cue.name or speaking, text=text))
    return named


def label_in(text: str) -> tuple[str, str] | None:
    """The speaker's name at the beginning of a text, and the rest of it; None where it begins with none."""
    label = _label(text)
    return (label.name, label.rest) if label is not None and _is_name(label.name) else None


def _label(text: str) -> _Found | None:
    """Whatever a text begins with before a colon, if it is short enough for a name."""
    match = _LABEL.match(text)
    if match is None:
        return None
    name = match["name"].strip()
    if not name or len(name.split()) > MOST_WORDS:
        return None
    capitals = name.upper() == name and name.lower() != name
    return _Found(name, text[match.end() :], sure=capitals or text.startswith(">>"))


def _is_name(text: str) -> bool:
    if _NO_NAME.search(text) or text[0].isdigit() or not any(each.isalpha() for each in text):
        return False
    words = [word.strip("()[],.'’-") for word in text.split()]  # noqa: RUF001
    spoken = [word for word in words if word and word.lower() not in _SMALL]
    # A word of a name begins with a capital, or its script has none.
    return bool(spoken) and all(unicodedata.category(word[0]) != "Ll" for word in spoken[:3])
