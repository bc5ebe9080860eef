"""Checks whether a house kept its promise: compares people's acknowledgements, and the events they
were shown, with the logs.

Pure. Each check returns the violations that it found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events.codec import decode_event

SENTENCES = 20
"""The most sentences kept for one kind of violation. Overflow: further ones are only counted."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An acknowledged act."""

    author: str
    number: int
    """The act's number in its author's order, from 1 on."""
    id: str
    first: int
    """First and last offset of the act's events, as its acknowledgement names them."""
    last: int


class Wrong(msgspec.Struct, kw_only=True):
    """Violations of the promise, by kind."""

    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    other: int = 0
    said: list[str] = msgspec.field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.reordered or self.other)

    def say(self, what: str, sentence: str) -> None:
        """Count a violation as `what`, and keep the sentence."""
        setattr(self, what, getattr(self, what) + 1)
        if getattr(self, what) <= SENTENCES:
            self.said.append(f"{what}: {sentence}")

    def clear(self) -> None:
        """Reset the counts."""
        self.lost = self.doubled = self.reordered = self.other = 0
        self.said = []

    def add(self, more: Wrong) -> None:
        """Add the violations of another check."""
        for name in ("lost", "doubled", "reordered", "other"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        self.said += more.said


def acts_against(answered: Sequence[Answered], records: Sequence[LogRecord]) -> Wrong:
    """Check that each acknowledged act is in the log once, at its receipt's offsets, in its author's order."""
    wrong = Wrong()
    at: dict[str, list[int]] = {}
    for record in records:
        at.setdefault(str(record.header.cause), []).append(record.header.offset)
    for act in answered:
        offsets = at.get(act.id)
        if offsets is None:
            wrong.say("lost", f"{act.id} of {act.author}, that was answered with {act.first} to {act.last}")
        elif [offsets[0], offsets[-1]] != [act.first, act.last] or len(offsets) != act.last - act.first + 1:
            wrong.say("doubled", f"{act.id} was answered with {act.first} to {act.last}, and is at {offsets[:9]}")
    authors: dict[str, list[Answered]] = {}
    for act in answered:
        authors.setdefault(act.author, []).append(act)
    for author, acts in authors.items():
        for one, next_ in pairwise(sorted(acts, key=lambda act: act.number)):
            before, after = at.get(one.id), at.get(next_.id)
            if before and after and before[-1] >= after[0]:
                wrong.say("reordered", f"{next_.id} of {author} stands at {after[0]}, before {one.id} at {before[-1]}")
    return wrong


def lines_against(typed: Mapping[str, Mapping[int, str]], records: Sequence[LogRecord]) -> Wrong:
    """Check that each author's lines are in the log once, as typed and in order; one more may
    follow whose answer was lost.

    `typed`: texts by author and number; a line's act is `AUTHOR:type:NUMBER`. Removed lines have no text.
    """
    wrong = Wrong()
    found: dict[str, list[tuple[int, str]]] = {}
    for record in records:
        author, kind, figure = (*str(record.header.cause).split(":"), "", "")[:3]
        if kind != "type" or record.header.type != le.SegmentEnded.__struct_config__.tag:
            continue
        event = None if record.body is None else decode_event(record.body)
        text = event.text if isinstance(event, le.SegmentEnded) else ""
        found.setdefault(author, []).append((int(figure), text))
    for author, texts in typed.items():
        lines = found.get(author, [])
        numbers = [number for number, _ in lines]
        if numbers != sorted(numbers):
            wrong.say(
                "reordered", f"lines of {author} stand as {[pair for pair in pairwise(numbers) if pair[0] > pair[1]]}"
            )
        for number, times in Counter(numbers).items():
            if times > 1:
                wrong.say("doubled", f"line {number} of {author} is there {times} times")
        has = dict(lines)
        for number, text in texts.items():
            if number not in has:
                wrong.say("lost", f"line {number} of {author}")
            elif has[number] not in ("", text):
                wrong.say("other", f"line {number} of {author} reads otherwise")
        if len(has) > len(texts) + 1:
            wrong.say("other", f"{author} was answered {len(texts)} lines, and {len(has)} are there")
    return wrong


def questions_against(asked: Sequence[str], records: Sequence[LogRecord]) -> Wrong:
    """Check that each accepted question is in the log once, in the order in which one person asked them."""
    wrong = Wrong()
    has = [event.text for event in map(_event, records) if isinstance(event, qe.InterventionReceived)]
    times = Counter(has)
    for text in asked:
        if not times[text]:
            wrong.say("lost", f"the question {text!r}")
    for text, n in times.items():
        if n > 1:
            wrong.say("doubled", f"the question {text!r} is there {n} times")
    wanted = set(asked)
    if [text for text in dict.fromkeys(has) if text in wanted] != [text for text in asked if times[text]]:
        wrong.say("reordered", "questions stand in another order than they were answered in")
    return wrong


def shown_against(where: str, shown: Mapping[int, bytes], records: Sequence[LogRecord]) -> Wrong:
    """Check that what readers were shown equals the log, apart from words that were removed since."""
    wrong = Wrong()
    bodies = {record.header.offset: record.body for record in records}
    for offset, body in shown.items():
        if offset not in bodies:
            wrong.say("lost", f"event {offset} was shown at {where}, and the log hasn't it")
        elif bodies[offset] not in (None, body):
            wrong.say("other", f"event {offset} was shown otherwise at {where}")
    return wrong


def times_against(records: Sequence[LogRecord]) -> Wrong:
    """Check that no event has an earlier date than the one before it, whatever the clocks did."""
    wrong = Wrong()
    for before, after in pairwise(records):
        if after.header.at < before.header.at:
            wrong.say(
                "other", f"event {after.header.offset} is dated {before.header.at - after.header.at} ms too early"
            )
    return wrong


def copies_against(copies: Mapping[str, Sequence[LogRecord]]) -> Wrong:
    """Check that all copies of a log are the same, byte for byte, without a hole or a repeated event."""
    wrong = Wrong()
    (name, first), *others = copies.items()
    if [record.header.offset for record in first] != list(range(1, len(first) + 1)):
        wrong.say("other", f"{name} has a hole, or an event twice")
    for other, records in others:
        if len(records) != len(first):
            wrong.say("other", f"{name} has {len(first)} events and {other} {len(records)}")
        for one, same in zip(first, records, strict=False):
            if one != same:
                wrong.say("other", f"event {one.header.offset} differs between {name} and {other}")
                break
    return wrong


def books_against(books: Mapping[str, Mapping[str, Mapping[str, bytes]]]) -> Wrong:
    """Check that all copies of the book are the same, the order within each namespace included."""
    wrong = Wrong()
    (name, first), *others = books.items()
    for other, book in others:
        for namespace in sorted(first.keys() | book.keys()):
            one, same = list(first.get(namespace, {}).items()), list(book.get(namespace, {}).items())
            if sorted(one) != sorted(same):
                wrong.say("other", f"the books of {name} and {other} differ in {namespace}")
            elif one != same:
                wrong.say("other", f"the books of {name} and {other} have {namespace} in another order")
    return wrong


def _event(record: LogRecord) -> object:
    return None if record.body is None else decode_event(record.body)
