"""Checks that nothing was lost or doubled: compares acknowledgements, shown events and hubs' copies with the log."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SessionId
from moothall_hub.app import COPIES
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.mirror.mirror import Mirror
from soak_house import House, LinkedHub
from soak_readers import Shown
from soak_rooms import Acknowledged

WHOLE_S = 180.0
"""Seconds within which a hub must have everything, while its link is up."""
LOOK_S = 0.2
MOST = 10_000_000


class Found(NamedTuple):
    """The violations that were found."""

    lost: int
    doubled: int
    faults: list[str]


class Logged(NamedTuple):
    """The contents of a session's log that people and engines caused."""

    closed: bool
    lines: list[tuple[str, str]]
    """Causes and texts of typed lines, in order."""
    questions: list[str]
    """Texts of questions, in order."""
    causes: set[str]
    words: list[str]
    """Words that engines committed, in order."""


def logged(records: Sequence[LogRecord]) -> Logged:
    """Return the contents of a session's records."""
    found = Logged(False, [], [], {record.header.cause for record in records}, [])
    closed = False
    for record in records:
        if record.body is None:
            continue
        match decode_event(record.body):
            case le.SegmentEnded() as event if record.header.cause.startswith("soak:"):
                found.lines.append((str(record.header.cause), event.text))
            case qe.InterventionReceived() as event:
                found.questions.append(event.text)
            case le.WordsCommitted() as event if record.header.role.value == "engine":
                found.words.extend(word.text.strip() for word in event.words)
            case ev.SessionClosed():
                closed = True
            case _:
                pass
    return found._replace(closed=closed)


def against(session: str, said: Acknowledged, log: Logged, script: Sequence[str]) -> Found:
    """Check that a session's log holds everything acknowledged, exactly once and in order, and the script's words in
    sequence; returns the violations. Unacknowledged lines and questions may be there once too.
    """
    faults: list[str] = []
    lost = doubled = 0
    for what, given, has in (
        ("line", [text for _, text in said.lines], [text for _, text in log.lines]),
        ("question", said.questions, log.questions),
    ):
        gone, twice, ordered = compared(given, has)
        lost, doubled = lost + len(gone), doubled + len(twice)
        faults += [f"{session} has lost a {what}: {text!r}" for text in gone]
        faults += [f"{session} has a {what} more than once: {text!r}" for text in twice]
        if not ordered:
            faults.append(f"The {what}s of {session} are not in the order in which they were acknowledged.")
    gone, _, _ = compared(said.at_hubs, log.questions)
    lost += len(gone)
    faults += [f"{session} has lost a question that was asked at a hub: {text!r}" for text in gone]
    missing = [act for act in said.acts if act not in log.causes]
    lost += len(missing)
    faults += [f"{session} has lost an act that was acknowledged: {act}" for act in missing]
    for before, after in broken(log.words, script):
        lost += 1
        faults.append(f"In {session} the engine's word {after!r} follows {before!r}.")
    return Found(lost, doubled, faults)


def compared(given: Sequence[str], has: Sequence[str]) -> tuple[list[str], list[str], bool]:
    """Return what is missing of `given`, what is in `has` more than once, and whether the order is the given one."""
    times = Counter(has)
    wanted = set(given)
    kept = [each for each in dict.fromkeys(has) if each in wanted]
    gone = [each for each in given if not times[each]]
    return gone, [each for each, n in times.items() if n > 1], kept == [each for each in given if times[each]]


def broken(words: Sequence[str], script: Sequence[str]) -> list[tuple[str, str]]:
    """Return where words don't follow the script, which begins again at its end. Each word is in the script once."""
    number = {word: n for n, word in enumerate(script)}

    def follows(one: str, other: str) -> bool:
        return one in number and number.get(other) == (number[one] + 1) % len(script)

    return [pair for pair in pairwise(words) if not follows(*pair)]


def shown_as_stored(session: str, shown: Shown, records: Sequence[LogRecord]) -> list[str]:
    """Return a sentence if readers were shown events that the log doesn't have in that form."""
    sums = {record.header.offset: crc32(record.body) for record in records if record.body is not None}
    seen = shown.sums.get(SessionId(session), {})
    wrong = sorted(offset for offset, each in seen.items() if sums.get(offset) != each)
    if not wrong:
        return []
    return [
        f"Readers of {session} at {shown.where} were shown what the log hasn't, at {wrong[:5]} ({len(wrong)} events)."
    ]


class Proof:
    """Checks a house at the end of each round."""

    def __init__(self, house: House, script: Sequence[str], shown: Sequence[Shown]) -> None:
        self._house = house
        self._script = script
        self._shown = shown
        self._closed_words = 0
        """Words of engines in sessions that were checked after their close."""
        self.words = 0
        """Words of engines in everything that was checked."""

    async def held(self, said: dict[SessionId, Acknowledged]) -> Found:
        """Compare what was acknowledged and shown with the log; closed sessions are forgotten once they are checked."""
        lost, doubled, faults, open_words = 0, 0, list[str](), 0
        for session, acknowledged in list(said.items()):
            before = (list(acknowledged.lines), list(acknowledged.questions), list(acknowledged.acts))
            stand = Acknowledged()
            stand.lines, stand.questions, stand.acts = before
            stand.at_hubs = list(acknowledged.at_hubs)
            seen = [(each, dict(each.sums.get(session, {}))) for each in self._shown]
            records, log = await self._arrived(session, stand.at_hubs)
            found = against(session, stand, log, self._script)
            lost, doubled = lost + found.lost, doubled + found.doubled
            faults += found.faults
            for shown, sums in seen:
                of = Shown(shown.where)
                of.sums[session] = sums
                faults += shown_as_stored(session, of, records)
            if log.closed:
                del said[session]
                self._closed_words += len(log.words)
            else:
                open_words += len(log.words)
        self.words = self._closed_words + open_words
        for each in self._shown:
            for session in [name for name in each.sums if name not in said]:
                del each.sums[session]
        return Found(lost, doubled, faults)

    async def _arrived(self, session: SessionId, asked: Sequence[str]) -> tuple[list[LogRecord], Logged]:
        """Return the log of a session once it has the questions asked at hubs; after WHOLE_S as it is."""
        loop = asyncio.get_running_loop()
        until = loop.time() + WHOLE_S
        while True:
            records = await asyncio.to_thread(records_of, self._house.server.data, session)
            log = logged(records)
            if set(asked) <= set(log.questions) or loop.time() > until:
                return records, log
            await asyncio.sleep(LOOK_S)

    async def verified(self) -> list[str]:
        """Return the complaints of `moothall verify` about the data folder."""
        command = (sys.executable, "-m", "moothall", "verify", "--data", str(self._house.server.data))
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True
        )
        said, _ = await process.communicate()
        if process.returncode == 0:
            return []
        wrong = [line for line in said.decode().splitlines() if ": intact" not in line]
        return [f"moothall verify of {self._house.name} ended with {process.returncode}: {' '.join(wrong)[:500]}"]

    async def copied(self, session: SessionId) -> list[str]:
        """Return the differences between the log and each hub's copy of a session; hubs' links must be up."""
        return [fault for hub in self._house.hubs for fault in await self._copied(hub, session)]

    async def _copied(self, hub: LinkedHub, session: SessionId) -> list[str]:
        name = hub.process.data.name
        mirror = await Mirror.open(hub.process.data / COPIES)
        try:
            copy = await _whole(mirror, session, await asyncio.to_thread(self._public_end, session))
            if copy.broken is not None:
                return [f"Hub {name} says of {session}: {copy.broken}"]
            if copy.known is None or not copy.whole:
                return [f"Hub {name} has not all of {session} {WHOLE_S:.0f} s after its line came back."]
            held = await mirror.read(session, 0, MOST, copy.known.lanes)
            records = await asyncio.to_thread(records_of, self._house.server.data, session)
            written = [
                each for each in records if each.header.lane in copy.known.lanes and each.header.offset <= copy.offset
            ]
            if list(held) != written:
                return [
                    f"Hub {name} has {len(held)} events of {session}, the log {len(written)} up to there; they differ."
                ]
        finally:
            await mirror.close()
        return []

    def _public_end(self, session: SessionId) -> int:
        """Return the offset of the last event that ended a line."""
        records = records_of(self._house.server.data, session)
        return max((each.header.offset for each in records if each.header.type == "segment.ended"), default=0)


async def _whole(mirror: Mirror, session: SessionId, offset: int) -> SessionCopy:
    """Return a copy once it has everything up to `offset`; as it is when it is broken or WHOLE_S has passed."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WHOLE_S
    while True:
        copy = await mirror.copy(session) or SessionCopy(session=session)
        if (copy.whole and copy.offset >= offset) or copy.broken is not None or loop.time() > until:
            return copy
        await asyncio.sleep(LOOK_S)


def records_of(data: Path, session: SessionId) -> list[LogRecord]:
    """Return all records of a session; the server may be running."""
    reader = LogReader(open_for_reading(data / FILE_NAME))
    try:
        return reader.read(session, 0, MOST)
    finally:
        reader.close()
