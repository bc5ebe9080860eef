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
_VOICE = str.maketrans({"&": "+", "<": "‹", ">": "›"})  # noqa: RUF001  # as `record.subtitles` writes a voice


class _Found(msgspec.Struct, frozen=True):
    name: str
    rest: str
    sure: bool
    """Whether it is written as only names are: in capitals, or behind arrows."""


def are_named(ids: Iterable[str]) -> bool:
    """Whether captions may be of this program, which gives each an id. Others count them, if they give any.

    A foreign caption that was taken for one of ours would keep the name before its text.
    """
    known = list(ids)
    return all(known) and not all(each.isdecimal() for each in known)


def without_voices(lines: Iterable[Sequence[PastCue]], unnamed: Collection[str]) -> list[list[PastCue]]:
    """Lines whose speakers are marked, each as its captions, without the names at the beginning of their texts that
    repeat the mark. A caption of nothing but a name has no text afterwards.

    `unnamed`: what our own files write for a speaker who isn't named after one who was, in each language.
    """
    found: list[list[PastCue]] = []
    names: dict[str, str] = {}
    before = ""
    for cues in lines:
        name, texts = cues[0].name, [cue.text for cue in cues]
        if name and (written := _written(name, texts)) is not None:
            # A voice can't hold every character, the name in the text can.
            names[name], texts = written
        elif not name and before:
            first = texts[0]
            parts = (first.removeprefix(f"{each}:") for each in unnamed if first.startswith(f"{each}:"))
            texts[0] = next(parts, first).strip()
        before = name = names.get(name, name)
        left = zip(cues, texts, strict=True)
        found.append([msgspec.structs.replace(cue, name=name, text=text) for cue, text in left])
    return found


_BETWEEN = "\0"


def _written(voice: str, texts: Sequence[str]) -> tuple[str, list[str]] | None:
    """The name at the beginning of a line's captions, if it is that of a voice, and what is left of each caption.

    Spaces count as the voice has them: a long name is broken into rows, and even into captions.
    """
    text = _BETWEEN.join(texts)
    name, at = "", 0
    for character in f"{voice}:":
        while text[at : at + 1] in (" ", _BETWEEN) and character != " ":
            at += 1
        if character == " ":
            name += character
            continue
        given = text[at : at + 1]
        if given.translate(_VOICE) not in (character, character.translate(_VOICE)):
            return None
        name, at = name + given, at + 1
    gone = text[:at].count(_BETWEEN)
    return name[:-1], [""] * gone + [each.strip(" ") for each in text[at:].split(_BETWEEN)]


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
