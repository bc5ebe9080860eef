"""Reads plain text with speakers: `NAME: what was said`, with times in brackets or without, and our own text files."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import msgspec

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.divided import SpokenParagraph, lines_of_turns
from moothall.record.imports.labels import label_in
from moothall.record.imports.past import NoteList, PastText, some, stop_at_most
from moothall.record.wrapping import plain

_STAMP = re.compile(r"[\[(]?(?:([0-9]{1,3}):)?([0-5]?[0-9]):([0-5][0-9])(?:[.,][0-9]{1,3})?(?:[\])]|(?=\s|\Z))[\s–-]*")  # noqa: RUF001
_HEADING = re.compile(r"(?P<name>[^\s:：][^:：\n]{0,79}?)\s*[:：]\Z")  # noqa: RUF001
_ASIDE = re.compile(r"[\[(][^\[\]()]*[\])]\Z")


class _Row(msgspec.Struct, frozen=True):
    number: int
    """The line of the file, from 1."""
    text: str
    """Without spaces around it; empty for a blank row."""
    t0: int | None
    indented: bool


def read_text(text: str, unnamed: Collection[str] = ()) -> PastText:
    """Read a plain text. `unnamed` as in `labels.without_voices`. Raises ImportRefused.

    Where rows begin with times, only these rows are what was said, with those that follow them at once: other programs
    write a head above and notes below, as this one does.
    """
    rows = [_row(number, row) for number, row in enumerate(text.split("\n"), 1)]
    notes = NoteList()
    stamped = any(row.t0 is not None for row in rows)
    turns = _stamped(rows, unnamed, notes) if stamped else _paragraphs(rows, unnamed)
    if not stamped and not any(turn.name for turn in turns):
        raise ImportRefused("No paragraph of this text begins with a speaker, as NAME: what was said.", 1)
    lines, _ = lines_of_turns(turns)
    title = next((row.text for row in rows if row.text), "") if stamped and rows[0].t0 is None else ""
    if _HEADING.match(title):
        title = ""
    return PastText(form="txt", title=title, lines=some(lines, "text"), estimated=not stamped, notes=notes.all())


def _row(number: int, row: str) -> _Row:
    said = plain(row)
    stamp = _STAMP.match(said)
    if stamp is None:
        return _Row(number, said, None, row[:1].isspace())
    hours, minutes, seconds = (int(part or 0) for part in stamp.groups())
    ms = ((hours * 60 + minutes) * 60 + seconds) * 1000
    return _Row(number, said[stamp.end() :], ms, row[:1].isspace())


def _stamped(rows: Sequence[_Row], unnamed: Collection[str], notes: NoteList) -> list[SpokenParagraph]:
    turns: list[SpokenParagraph] = []
    name = ""
    within = False
    for n, row in enumerate(rows):
        if not row.text and row.t0 is None:
            within = False
        elif row.t0 is not None:
            label = label_in(row.text)
            if label is not None:
                name, said = ("" if label[0] in unnamed else label[0]), label[1]
            else:
                said = row.text
            if said:
                turns.append(SpokenParagraph(row=row.number, text=said, name=name, t0=row.t0))
            within = True
            stop_at_most(len(turns), row.number)
        elif (heading := _HEADING.match(row.text)) is not None and _before_a_time(rows, n):
            name = "" if heading["name"] in unnamed else heading["name"]
            within = True
        elif not within or row.indented or _ASIDE.match(row.text) or not turns:
            if turns:
                notes.add(row.number, "This row has no time, and was left out.")
        else:
            turns[-1] = msgspec.structs.replace(turns[-1], text=f"{turns[-1].text} {row.text}")
    return turns


def _before_a_time(rows: Sequence[_Row], n: int) -> bool:
    """Whether the next row that isn't blank begins with a time: then a row that ends with a colon is a speaker."""
    following = next((row for row in rows[n + 1 : n + 3] if row.text or row.t0 is not None), None)
    return following is not None and following.t0 is not None


def _paragraphs(rows: Sequence[_Row], unnamed: Collection[str]) -> list[SpokenParagraph]:
    turns: list[SpokenParagraph] = []
    name = ""
    within = False
    for row in rows:
        label = label_in(row.text)
        heading = _HEADING.match(row.text)
        if not row.text:
            within = False
        elif label is not None:
            name = "" if label[0] in unnamed else label[0]
            within = bool(label[1])
            if within:
                turns.append(SpokenParagraph(row=row.number, text=label[1], name=name))
        elif heading is not None and heading["name"] in unnamed:
            name, within = "", False
        elif within:
            turns[-1] = msgspec.structs.replace(turns[-1], text=f"{turns[-1].text} {row.text}")
        else:
            turns.append(SpokenParagraph(row=row.number, text=row.text, name=name))
            within = True
        stop_at_most(len(turns), row.number)
    return turns
