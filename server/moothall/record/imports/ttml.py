"""Reads TTML and its profiles (IMSC, EBU-TT-D, DFXP): paragraphs with times, whatever they look like."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from fractions import Fraction

import msgspec

from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.languages import is_language
from moothall.record.imports.cue_markup import joined
from moothall.record.imports.joining import line_of_cues, sentences_of
from moothall.record.imports.labels import are_named, with_labels, without_voices
from moothall.record.imports.past import NoteList, PastCue, PastLine, PastText, some, stop_at_most
from moothall.record.imports.xml_tree import XML, XmlNode, parsed
from moothall.record.wrapping import plain

_CLOCK = re.compile(r"([0-9]{2,4}):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]{1,9})|:([0-9]{2,4})(?:\.[0-9]+)?)?\Z")
_OFFSET = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?(h|m|s|ms|f|t)\Z")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}\Z")
_OWN = re.compile(r"line-(?P<line>[a-z0-9][a-z0-9_.-]{0,63}?)(?:-P(?P<part>[0-9]+))?\Z")
_SILENT = ("metadata", "desc", "title", "set", "agent", "name")
NOTICE = "x-notice"
"""The role of captions that are nobody's words in our own files."""


class _Rates(msgspec.Struct, frozen=True):
    """How many frames and ticks a second has."""

    frames: Fraction
    ticks: Fraction


class _Span(msgspec.Struct, frozen=True):
    begin: Fraction
    end: Fraction | None


def read_ttml(text: str, unnamed: Collection[str] = ()) -> PastText:
    """Read a TTML file. `unnamed` as in `labels.without_voices`. Raises ImportRefused."""
    root = parsed(text)
    if root.name != "tt":
        raise ImportRefused("A TTML file has the root element tt.", root.row)
    body = root.first("body")
    if body is None:
        raise ImportRefused("This TTML file has no body.", root.row)
    if root.any_space("timeBase") == "clock":
        raise ImportRefused("Times of day aren't read. Save the file with times of the media.", root.row)
    agents = {node.get("id", XML): plain(node.text()) for node in root.all("agent")}
    notes = NoteList()
    cues: list[PastCue] = []
    language = _language(root, "")
    for cue in _cues(body, _rates(root), agents, language, notes):
        cues.append(cue)
        stop_at_most(len(cues), cue.row)
    title = next((plain(node.text()) for node in root.all("title")), "")
    if all(_OWN.match(cue.id) for cue in cues) and are_named(_line_of(cue) for cue in cues):
        lines = _own_lines(cues, unnamed)
    elif any(cue.name for cue in cues):
        lines = sentences_of([cue for (cue,) in without_voices(([cue] for cue in cues), unnamed)])
    else:
        lines = sentences_of(with_labels(cues, unnamed, all_of_them=False))
    return PastText(form="ttml", title=title, language=language, lines=some(lines, "TTML"), notes=notes.all())


def _own_lines(cues: list[PastCue], unnamed: Collection[str]) -> tuple[PastLine, ...]:
    lines: dict[str, list[PastCue]] = {}
    for cue in cues:
        lines.setdefault(_line_of(cue), []).append(cue)
    named = zip(lines, without_voices(lines.values(), unnamed), strict=True)
    made = [line for name, parts in named if (line := line_of_cues(parts, name)) is not None]
    return tuple(sorted(made, key=lambda line: line.t0))


def _line_of(cue: PastCue) -> str:
    return _OWN.sub(r"\g<line>", cue.id)


def _rates(root: XmlNode) -> _Rates:
    def number(name: str, default: int) -> int:
        given = root.any_space(name)
        return int(given) if _NUMBER.match(given) else default

    multiplier = root.any_space("frameRateMultiplier").replace(":", " ").split()
    frames = Fraction(number("frameRate", 30))
    if len(multiplier) == 2 and all(map(_NUMBER.match, multiplier)):
        frames *= Fraction(int(multiplier[0]), int(multiplier[1]))
    return _Rates(frames, Fraction(number("tickRate", int(frames) or 1)))


def _cues(body: XmlNode, rates: _Rates, agents: dict[str, str], language: str, notes: NoteList) -> Iterator[PastCue]:
    waiting: list[tuple[XmlNode, _Span, str, str]] = [(body, _Span(Fraction(0), None), language, "")]
    while waiting:
        node, around, tag, name = waiting.pop()
        if node.name in _SILENT or NOTICE in node.any_space("role").split():
            continue
        span = _span(node, around, rates)
        tag = _language(node, tag)
        name = next((agents[each] for each in node.any_space("agent").split() if each in agents), name)
        timed_within = node.name == "p" and any(_timed(each) for each in node.children)
        if node.name not in ("p", "span") or timed_within:
            inner = list(node.children)
            seq = node.get("timeContainer") == "seq"
            spans = _one_after_another(inner, span, rates) if seq else [span] * len(inner)
            waiting += reversed([(child, one, tag, name) for child, one in zip(inner, spans, strict=True)])
            continue
        text = joined(tuple(row for row in map(plain, _rows(node)) if row))
        if not text:
            continue
        if span.end is None:
            notes.add(node.row, "This text has no time at which it ends, and was left out.")
            continue
        t0, t1 = round(span.begin * 1000), round(span.end * 1000)
        yield PastCue(row=node.row, id=node.get("id", XML), t0=t0, t1=max(t0, t1), text=text, name=name, language=tag)


def _rows(node: XmlNode) -> list[str]:
    """The rows of a paragraph. A line feed of the file is a space, only `br` ends a row."""
    said: list[str] = [""]
    waiting: list[XmlNode | str] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            said[-1] += part.replace("\n", " ")
        elif part.name == "br":
            said.append("")
        elif part.name not in _SILENT:
            waiting += reversed(part.parts)
    return said


def _timed(node: XmlNode) -> bool:
    return node.name == "span" and bool(node.get("begin") or node.get("end") or node.get("dur"))


def _span(node: XmlNode, around: _Span, rates: _Rates) -> _Span:
    begin = around.begin + _time(node, "begin", rates, Fraction(0))
    end = around.end
    if node.get("end"):
        own = around.begin + _time(node, "end", rates, Fraction(0))
        end = own if end is None else min(end, own)
    if node.get("dur"):
        own = begin + _time(node, "dur", rates, Fraction(0))
        end = own if end is None else min(end, own)
    return _Span(begin, end)


def _one_after_another(nodes: list[XmlNode], around: _Span, rates: _Rates) -> list[_Span]:
    """What is around each of some elements of which each begins at the end of the one before it."""
    spans: list[_Span] = []
    at = around.begin
    for node in nodes:
        spans.append(_Span(at, around.end))
        end = _span(node, _Span(at, None), rates).end
        at = at if end is None else end
    return spans


def _time(node: XmlNode, name: str, rates: _Rates, default: Fraction) -> Fraction:
    given = node.get(name)
    if not given:
        return default
    clock, offset = _CLOCK.match(given), _OFFSET.match(given)
    if clock is not None:
        hours, minutes, seconds, rest, frames = clock.groups()
        whole = Fraction((int(hours) * 60 + int(minutes)) * 60 + int(seconds))
        return whole + (Fraction(int(frames)) / rates.frames if frames else Fraction(f"0.{rest}" if rest else 0))
    if offset is not None:
        number = Fraction(f"{offset[1]}.{offset[2] or 0}")
        unit = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}.get(offset[3])
        return number * unit if unit is not None else number / (rates.frames if offset[3] == "f" else rates.ticks)
    raise ImportRefused(f"'{given[:40]}' is no time, as 00:01:02.345 or 62.345s.", node.row)


def _language(node: XmlNode, around: str) -> str:
    given = node.get("lang", XML)
    return given if is_language(given) else around
