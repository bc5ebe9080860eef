"""Reads a file about a past meeting, in whichever known format it is. The content decides, not the name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import msgspec

from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.visible import all_visible
from moothall.record.imports.akoma_ntoso import read_akoma_ntoso
from moothall.record.imports.own_json import read_own_json
from moothall.record.imports.past import NAMES, PastLine, PastText, decoded, some
from moothall.record.imports.spoken_text import read_text
from moothall.record.imports.srt import read_srt
from moothall.record.imports.ttml import read_ttml
from moothall.record.imports.vtt import read_vtt

ENDINGS = (".vtt", ".srt", ".ttml", ".dfxp", ".xml", ".akn", ".txt", ".json")
"""The ends of names of files that are looked at."""
_BEGINNING = 4_000
_SUBRIP = re.compile(r"(?:[0-9]+\s*\n\s*)?[0-9][0-9:,. ]*-->")
"""A number and a time, or a time alone."""


def read_past(data: bytes, unnamed: Collection[str] = ()) -> PastText:
    """Read a file. `unnamed`: what our own files write for a speaker who isn't named, in each language. Raises
    ImportRefused.
    """
    text = decoded(data)
    past = all_visible(_reader(text, unnamed)(text))  # Marks of characters in a file may stand for hidden ones.
    lines = tuple(_told(line) for line in past.lines if line.text.strip())
    return msgspec.structs.replace(past, lines=some(lines, NAMES[past.form]))


def _told(line: PastLine) -> PastLine:
    """A line whose captions, if it has any, are its text."""
    fits = all(word.text for word in line.words) and "".join(word.text for word in line.words) == line.text
    return line if fits or not line.words else msgspec.structs.replace(line, words=())


def _reader(text: str, unnamed: Collection[str]) -> Callable[[str], PastText]:
    begins = text.lstrip()[:_BEGINNING]
    if text.startswith("WEBVTT"):
        return lambda text: read_vtt(text, unnamed)
    if begins.startswith("{"):
        return read_own_json
    if begins.startswith("<"):
        if "akomaNtoso" in begins or "<debate" in begins:
            return read_akoma_ntoso
        return lambda text: read_ttml(text, unnamed)
    if not begins:
        raise ImportRefused("The file is empty.", 1)
    if _SUBRIP.match(begins):
        return lambda text: read_srt(text, unnamed)
    return lambda text: read_text(text, unnamed)
