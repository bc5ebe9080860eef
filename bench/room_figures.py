"""What came of a run of `rooms.py`: its tables, and its faults as sentences."""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from hub_uplinks import Uplink
from looped import Round, longest_wait
from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.lines import MadeFrom, SegmentEnded, SegmentOpened
from moothall.core.events.types import EngineAttached, GapNoted
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.translation.lines import line_of
from moothall_models.speech.schedule import Stage
from priced_passes import shares_of_stages
from room_readers import FloorReader
from scoring import Result, figure, latency, markdown, score, together
from soak_house import BAD
from soak_memory import Held, course, sentence
from soak_memory import faults as memory_faults
from soak_pieces import Course

PIECE_S = 600.0
"""About how much of a room is scored at a time: an alignment of two hours would take as long."""
FLOOR = ChannelId("floor")
LEAST = 40
"""Fewest words of a minute by which text is missed."""
HALF = 0.5
"""The share of a minute's words of which text has to be there."""
STAGE = re.compile(r"^(\S+ \S+) INFO .*session (\S+) channel floor: stage (\d), ")


class Look(NamedTuple):
    """One sample."""

    hours: float
    """Since the rooms began to speak."""
    parts: dict[str, tuple[Held, float]]
    """Of each process its memory, and its CPU time in s."""
    load: float
    lags: list[int]
    """How late each room's text was, as its readers were told, ms."""


class Outcome(NamedTuple):
    """All that a run left."""

    rooms: Sequence[tuple[SessionId, Round]]
    floors: Sequence[FloorReader]
    records: Mapping[SessionId, Sequence[LogRecord]]
    languages: Sequence[str]
    looks: Sequence[Look]
    readers: Mapping[str, Any]
    """Counts of the C process."""
    log: Sequence[str]
    """Lines of the server's log."""
    links: Sequence[Uplink]
    refused: int
    """How many rooms an engine had no room for, for a while."""
    promised: Mapping[str, int]
    """What the control room said of when such rooms get an engine, and how often it was looked."""
    differ: Sequence[str]
    """How copies of the real hubs differ from the log."""


class Figures(NamedTuple):
    """What one room got."""

    name: str
    pieces: Sequence[Result]
    minutes: Sequence[tuple[int, int]]
    """Of each minute the words that were said, and those that came."""
    waited: float
    """s from the first sound until an engine heard it."""
    engines: int
    """How many engines took it over, one after the other."""
    longest: float
    """The longest from the end of a word until anything new was shown, s."""
    told: float
    """The most that readers were told, s."""
    gaps: int
    lines: int
    translated: Mapping[str, Sequence[int]]
    """Of each language the ms from a line's end to its translation's, of the lines that have one."""


def figures(outcome: Outcome, args: argparse.Namespace, folder: Path) -> list[Figures]:
    """Score each room."""
    found = []
    for number, (session, heard) in enumerate(outcome.rooms):
        floor, seconds = outcome.floors[number], 60 * args.minutes
        rows = [json.loads(line) for line in (folder / f"{number}.seen.jsonl").read_text().splitlines()]
        pieces = scored(list(heard.said(seconds)), rows, args.scorer, folder / f"{number}.piece")
        waited, engines = engine_times(outcome.records[session], floor.began, floor.began + round(1_000 * seconds))
        lines, translated = translations(outcome.records[session], outcome.languages)
        found.append(
            Figures(
                name=str(session),
                pieces=pieces,
                minutes=by_minute(list(heard.said(seconds)), rows, round(args.minutes)),
                waited=waited,
                engines=engines,
                longest=longest_wait(heard.said(seconds), floor.shown, seconds),
                told=max(floor.told.values(), default=0) / 1_000,
                gaps=sum(isinstance(event, GapNoted) for _, event in events(outcome.records[session])),
                lines=lines,
                translated=translated,
            )
        )
    return found


def scored(said: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]], scorer: Path, piece: Path) -> list[Result]:
    """Score a room piece by piece: a piece is some utterances, and the rows of segments that begin in their time."""
    begins: dict[str, float] = {}
    for row in rows:
        begins.setdefault(row["segment"], row.get("t0", row["at"]))
        if "t0" in row:
            begins[row["segment"]] = min(begins[row["segment"]], row["t0"])
    results = []
    reference, hypothesis = piece.with_suffix(".said.jsonl"), piece.with_suffix(".jsonl")
    bounds = [0, *cuts(said), len(said)]
    for first, last in pairwise(bounds):
        since = -1e9 if first == 0 else (said[first - 1]["end"] + said[first]["start"]) / 2
        until = 1e9 if last == len(said) else (said[last - 1]["end"] + said[last]["start"]) / 2
        own = [row for row in rows if since <= begins[row["segment"]] < until]
        if first < last:
            reference.write_text("".join(f"{json.dumps(line)}\n" for line in said[first:last]), encoding="utf-8")
            hypothesis.write_text("".join(f"{json.dumps(row)}\n" for row in own), encoding="utf-8")
            results.append(score(reference, scorer, hypothesis))
    return results


def cuts(said: Sequence[dict[str, Any]]) -> Iterator[int]:
    """Where pieces begin: at the first utterance after each `PIECE_S`, but for a rest that is short."""
    since = 0.0
    for number, line in enumerate(said):
        if line["start"] - since >= PIECE_S and said[-1]["end"] - line["start"] >= PIECE_S / 2:
            since = line["start"]
            yield number


def events(records: Sequence[LogRecord]) -> Iterator[tuple[int, object]]:
    """The events of a log that are still there, with the Unix ms at which they were written."""
    for record in records:
        if record.body is not None:
            yield record.header.at, decode_event(record.body)


def engine_times(records: Sequence[LogRecord], began: int, ended: int) -> tuple[float, int]:
    """Seconds from the first sound, at Unix ms `began`, to the first engine; and how many engines took it over."""
    at = [at for at, event in events(records) if isinstance(event, EngineAttached) and event.channel == FLOOR]
    return max(0, min([ended, *at]) - began) / 1_000, len(at)


def translations(records: Sequence[LogRecord], languages: Sequence[str]) -> tuple[int, dict[str, list[int]]]:
    """How many lines the floor has, and the latency of their translations, ms, by language."""
    ends = {(event.channel, event.segment): at for at, event in events(records) if isinstance(event, SegmentEnded)}
    lines = [(segment, at) for (channel, segment), at in ends.items() if channel == FLOOR]
    found: dict[str, list[int]] = {}
    for language in languages:
        channel = ChannelId(f"mt-{language}")
        names = [((channel, line_of(segment, channel)), at) for segment, at in lines]
        found[language] = [ends[name] - at for name, at in names if name in ends]
    return len(lines), found


def routes(records: Mapping[SessionId, Sequence[LogRecord]]) -> list[str]:
    """The translators that made lines, with their versions and directions."""
    opened = (event for each in records.values() for _, event in events(each) if isinstance(event, SegmentOpened))
    return sorted({event.made_from.route for event in opened if isinstance(event.made_from, MadeFrom)})


def by_minute(said: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]], minutes: int) -> list[tuple[int, int]]:
    """Of each minute of sound the words that were said, and those that were committed, whenever that was."""
    spoken, came = Counter[int](), Counter[int]()
    for line in said:
        spoken.update(int(end // 60) for _, _, end in line["words"])
    for row in rows:
        if row["kind"] == "commit":
            came[int((row["t0"] + row["t1"]) / 2 // 60)] += len(row["text"].split())
    return [(spoken[minute], came[minute]) for minute in range(minutes)]


def report(outcome: Outcome, found: Sequence[Figures], args: argparse.Namespace) -> str:
    """Return all tables."""
    loads = [look.load for look in outcome.looks]
    mean = sum(loads) / max(1, len(loads))
    run = (
        f"run       {args.rooms} rooms, {args.minutes:g} min, {args.model}, {args.readers} readers, {args.hubs} hubs "
        f"({args.real} real), into {' and '.join(outcome.languages)}; mean load {mean:.1f}"
    )
    said = [
        run,
        "",
        rooms_table(found),
        "",
        translations_table(found, outcome.languages),
        f"Routes: {', '.join(routes(outcome.records)) or '-'}",
        "",
        *parts_lines(outcome.looks),
        "",
        *stage_lines(outcome, args),
        *told_lines(outcome),
        f"Rooms that had to wait for an engine: {outcome.refused}",
        *(f"The control room said, {count} times: {when}" for when, count in outcome.promised.items()),
        *readers_lines(outcome),
    ]
    return "\n".join(said)


def rooms_table(found: Sequence[Figures]) -> str:
    """Return what each room got."""
    head = ("room", "words", "WER %", "stable p50", "p95", "visible p95", "never shown", "words a min: said", "came",
            "longest wait s", "waited s", "engines", "told late s", "gaps")  # fmt: skip
    shows = [
        figure("ref_words", digits=0),
        figure("wer", digits=1, scale=100),
        figure("commit_latency", "p50"),
        figure("commit_latency", "p95"),
        figure("visible_latency", "p95"),
        figure("never_shown", digits=0),
    ]
    rows = []
    for each in found:
        minutes = max(1, len(each.minutes))
        spoken, came = (sum(column) / minutes for column in zip(*each.minutes, strict=True))
        rows.append(
            (
                each.name,
                *(show(together(each.pieces)) for show in shows),
                f"{spoken:.0f}",
                f"{came:.0f}",
                f"{each.longest:.1f}",
                f"{each.waited:.1f}",
                f"{each.engines}",
                f"{each.told:.1f}",
                f"{each.gaps}",
            )
        )
    whole = together([piece for each in found for piece in each.pieces])
    rows.append(("together", *(show(whole) for show in shows), "", "", f"{max(each.longest for each in found):.1f}",
                 f"{max(each.waited for each in found):.1f}", "",
                 f"{max(each.told for each in found):.1f}", f"{sum(each.gaps for each in found)}"))  # fmt: skip
    return markdown(head, rows)


def translations_table(found: Sequence[Figures], languages: Sequence[str]) -> str:
    """Return how many lines were translated, and how soon."""
    rows = []
    for language in languages:
        late = latency([float(ms) for each in found for ms in each.translated[language]])
        lines = sum(each.lines for each in found)
        rows.append(
            (
                language,
                f"{lines}",
                f"{late['n']}",
                *("-" if late[p] is None else f"{late[p]:.0f}" for p in ("p50", "p95")),
            )
        )
    return markdown(("into", "lines", "translated", "p50 ms", "p95 ms"), rows)


def parts_lines(looks: Sequence[Look]) -> list[str]:
    """Return CPU and memory of each process."""
    if len(looks) < 2:
        return []
    lines = []
    for part in looks[-1].parts:
        own = [(look.hours, *look.parts[part]) for look in looks if part in look.parts]
        seconds = 3_600 * (own[-1][0] - own[0][0])
        share = (own[-1][2] - own[0][2]) / seconds if seconds else 0.0
        lines.append(f"{part:12} {share:.3f} of a core; {sentence(memory(part, looks))}")
    return lines


def memory(part: str, looks: Sequence[Look]) -> Course:
    """The course of a process' memory, and of its descriptors after the first quarter, when everybody has joined."""
    own = [(look.hours, look.parts[part][0]) for look in looks if part in look.parts]
    descriptors = (own[len(own) // 4][1].descriptors, own[-1][1].descriptors)
    return course(part, [(hours, used.own_mb) for hours, used in own], descriptors)


def stages(log: Sequence[str]) -> dict[str, list[tuple[float, int]]]:
    """When each room came to which stage (`schedule.Stage`), Unix s, by its session."""
    found: dict[str, list[tuple[float, int]]] = {}
    for line in log:
        if (at := STAGE.match(line)) is not None:
            moment = datetime.strptime(at[1], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()
            found.setdefault(at[2], []).append((moment, int(at[3])))
    return found


def stage_lines(outcome: Outcome, args: argparse.Namespace) -> list[str]:
    """Return how long rooms were at each stage of what the engine does without."""
    spent, by_room = Counter[Stage](), stages(outcome.log)
    for (session, _), floor in zip(outcome.rooms, outcome.floors, strict=True):
        began = floor.began / 1_000
        ended = began + 60 * args.minutes
        for (since, stage), (until, _) in pairwise([(began, 0), *by_room.get(str(session), []), (ended, 0)]):
            spent[Stage(stage)] += round(1_000 * max(0.0, min(until, ended) - max(since, began)))
    return [shares_of_stages(spent)]


def told_lines(outcome: Outcome) -> list[str]:
    """Return how late readers were told that the text was, by the minute: the most of all rooms."""
    minutes = sorted({minute for floor in outcome.floors for minute in floor.told})
    most = [max(floor.told.get(minute, 0) for floor in outcome.floors) / 1_000 for minute in minutes]
    step = max(1, len(most) // 30)
    shown = " ".join(f"{max(most[at : at + step]):.1f}" for at in range(0, len(most), step))
    return [f"Told late at most, s, each {step} min: {shown}"]


def readers_lines(outcome: Outcome) -> list[str]:
    """Return what readers and hubs counted."""
    links = outcome.links
    behind = [len(outcome.rooms) - len(link.followed) for link in links]
    lines = [f"Readers: {json.dumps(outcome.readers)}"] if outcome.readers else []
    if links:
        lines.append(
            f"Uplinks: {len(links)}, {sum(link.batches for link in links)} batches, "
            f"{sum(link.downs for link in links)} times down, {sum(behind)} sessions of which nothing came"
        )
    return lines


def faults(outcome: Outcome, found: Sequence[Figures], args: argparse.Namespace) -> list[str]:
    """Return each fault as a sentence."""
    wrong = []
    for each in found:
        if each.gaps:
            wrong.append(f"{each.name}: {each.gaps} gaps were noted, so sound was lost.")
        if each.waited > args.wait:
            wrong.append(f"{each.name} had no engine for the first {each.waited:.0f} s.")
        if each.longest > args.late + args.wait:
            wrong.append(f"{each.name} was without new text for {each.longest:.0f} s while somebody spoke.")
        lost = [n + 1 for n, (said, came) in enumerate(each.minutes) if said >= LEAST and came < HALF * said]
        if lost:
            wrong.append(f"{each.name}: less than half of the words came of minute {', '.join(map(str, lost[:5]))}.")
        p95 = together(each.pieces)["commit_latency"]["p95"]
        if p95 is None or p95 > args.late:
            said = "unknown" if p95 is None else f"{p95:.2f} s"
            wrong.append(f"{each.name}: p95 of the stable latency is {said}, {args.late:g} s are allowed.")
        for language, late in each.translated.items():
            if len(late) < each.lines:
                wrong.append(f"{each.name}: {each.lines - len(late)} of {each.lines} lines are not in {language}.")
    counted = {name: outcome.readers.get(name) for name in ("events_lost", "doubled")}
    wrong += [f"Readers counted {name} {count}." for name, count in counted.items() if count]
    if outcome.readers and outcome.readers["joined"] < args.readers:
        wrong.append(f"Only {outcome.readers['joined']} of {args.readers} readers were there at the end.")
    if any(len(link.followed) < len(outcome.rooms) for link in outcome.links):
        wrong.append("Some uplinks got nothing of some sessions.")
    wrong += outcome.differ
    if outcome.looks:
        for part in outcome.looks[-1].parts:
            if part not in ("bench", "readers"):
                wrong += memory_faults(memory(part, outcome.looks))
    bad = [line for line in outcome.log if any(each in line for each in BAD)]
    if bad:
        wrong.append(f"The server's log has {len(bad)} lines of errors; the first: {bad[0][:300]}")
    return wrong
