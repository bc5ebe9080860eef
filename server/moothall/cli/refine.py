"""`moothall refine`: a second pass over a session's recording; its corrections are proposed, or made at once."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.adapters.store import sqlite_file
from moothall.adapters.store.files import explained
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import RECORDINGS_FOLDER
from moothall.cli.conference import add_house, house_office, house_settings
from moothall.cli.journal import Journal, head_of, write_whole
from moothall.cli.playing import languages_of, session_of
from moothall.cli.progress import RecordingProgress
from moothall.cli.transcribe import SAMPLES_A_MS, STOPPED, add_recognising, order_of, recognise, require_right
from moothall.core.events.codec import decode_event
from moothall.core.events.lines import Origin, Word
from moothall.core.kernel.decoding import Unreadable, made_of, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.proposals.refining import CurrentLine, Findings, Proposal, SecondPassWords, propose
from moothall.core.sessions.parts import SessionSource
from moothall.core.sessions.state import State, Status, evolve
from moothall.services.proposals.proposing import ProposeOrder
from moothall.services.proposals.refining import Refined, RefineOrder, for_machine
from moothall.services.sound.recording import RecordingPart
from moothall.settings.sections import Settings
from moothall.wire.transcribing import HeardLine

MACHINE_LINES = "machine-lines"
DECLINED = 1
_PAGE = 500


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "refine",
        help="a second pass over a session's recording",
        description="Recognise the recording of a closed session once more, with a better model, and propose "
        "corrections, on a page where the staff decide on them. With --apply some go into the record at once. Stopped "
        "or killed, the same command goes on where it was.",
    )
    parser.add_argument("session", help="the session; it is closed, and its recording is still there")
    add_recognising(parser)
    parser.set_defaults(language=None)
    parser.add_argument(
        "--apply",
        choices=[MACHINE_LINES],
        help="carry out at once what concerns lines that no person has touched, where most words stay",
    )
    parser.add_argument("--accept", type=Path, metavar="FILE", help="carry out the proposals of a file that you read")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the proposals into a file too")
    add_house(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    session = session_of(arguments.session)
    settings = house_settings(arguments)
    if arguments.accept is not None:
        return asyncio.run(_accept(settings, session, arguments.accept))
    require_right(arguments)
    try:
        return asyncio.run(_refine(settings, session, arguments))
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return STOPPED


async def _accept(settings: Settings, session: SessionId, file: Path) -> int:
    of, proposals = read_proposals(file)
    if of.session != session:
        raise ConfigurationError(f"{file} is about the session '{of.session}', not '{session}'.")
    order = RefineOrder(session=session, model=of.model, by_machine=False, proposals=proposals)
    return await _carry_out(settings, order)


async def _carry_out(settings: Settings, order: RefineOrder) -> int:
    async with house_office(settings) as office:
        refined: Refined = await office.refine(order)
    print(f"Lines corrected: {refined.done}.")
    for sentence in refined.refused:
        print(f"Not corrected: {sentence}", file=sys.stderr)
    return DECLINED if refined.refused else 0


async def _refine(settings: Settings, session: SessionId, arguments: argparse.Namespace) -> int:
    data = Path(settings.server.data)
    # The journals are in the folder of the output file, or in the working folder without one.
    beside: Path = arguments.out or Path(f"{session}.refining")
    state, through = _state(data, session)
    if state.status is not Status.CLOSED:
        raise ConfigurationError(f"The session '{session}' is {state.status}: a second pass waits until it is closed.")
    sounds = SoundFolder(data / RECORDINGS_FOLDER, bitrate=0)
    parts = [part for part in await sounds.parts(session) if part.source in state.sources and part.samples]
    if not parts:
        raise ConfigurationError(f"There is no recording of '{session}': none was kept, or its time is over.")
    heard: dict[ChannelId, list[SecondPassWords]] = {}
    with_journals: list[Journal] = []
    for number, part in enumerate(parts, 1):
        source = state.sources[part.source]
        order = order_of(arguments, _languages(state, source, arguments.language))
        path = sounds.path(session, part.source, part.first)
        head = head_of(path, order)
        with Journal(beside.with_name(f"{beside.name}.{part.source}-{part.first}"), head) as journal:
            with_journals.append(journal)
            progress = RecordingProgress(f"{session}, recording {number} of {len(parts)}", sys.stderr, SystemClock())
            lines = (await recognise(path, order, journal, progress)).lines
        heard.setdefault(source.channel, []).extend(_placed(lines, part, source))
    for said in heard.values():
        said.sort(key=lambda each: each.words[0].t0)
    findings = [propose(_standing(state, channel), said) for channel, said in heard.items()]
    proposals = tuple(each for found in findings for each in found.proposals)
    if arguments.out is not None:
        write_whole(arguments.out, write_proposals(Of(session=session, model=arguments.model), proposals), mode=0o600)
    _say(findings, proposals)
    code, rest = 0, proposals
    if arguments.apply is not None:
        own = for_machine(proposals)
        mend = RefineOrder(session=session, model=arguments.model, by_machine=True, proposals=own, through=through)
        code, rest = await _carry_out(settings, mend), tuple(each for each in proposals if each not in own)
    found = ProposeOrder(session=session, model=arguments.model, through=through, proposals=rest)
    async with house_office(settings) as office:
        proposed = await office.propose(found)
    # The journals are removed only now: if the handover fails, the recording must not have to be recognised again.
    for journal in with_journals:
        journal.remove()
    if proposed.kept:
        print(f"{proposed.kept} wait to be decided on: {proposed.address}")
    return code


def _say(findings: list[Findings], proposals: tuple[Proposal, ...]) -> None:
    own = len(for_machine(proposals))
    print(f"{len(proposals)} corrections proposed.")
    print(f"{own} of them are to lines that no person has touched, and leave most words as they are.")
    if unheard := sum(found.unheard for found in findings):
        print(f"Of {unheard} lines nothing was heard this time. Look at them: they may be invented.")
    if elsewhere := sum(found.elsewhere for found in findings):
        print(f"{elsewhere} words were heard where there is no line. A correction can't bring them in.")


def _state(data: Path, session: SessionId) -> tuple[State, int]:
    """The session's state and the last offset of its log, read without disturbing a server that has the log open."""
    reader = sqlite_file.LogReader(sqlite_file.open_for_reading(data / sqlite_file.FILE_NAME))
    try:
        state, after = State(id=session), 0
        while page := reader.read(session, after, _PAGE):
            for record in page:
                state = evolve(state, None if record.body is None else decode_event(record.body))
            after = page[-1].header.offset
    finally:
        reader.close()
    if not after:
        raise ConfigurationError(f"There is no session '{session}' in {data}.")
    return state, after


def _languages(state: State, source: SessionSource, given: str | None) -> tuple[str, ...]:
    """The languages that may be spoken: those of the command, otherwise those of the channel."""
    return state.channels[source.channel].languages if given is None else languages_of(given)


def _placed(lines: tuple[HeardLine, ...], part: RecordingPart, source: SessionSource) -> list[SecondPassWords]:
    """Shift the lines' times to media time of the session."""
    shift = source.t + part.first // SAMPLES_A_MS
    return [
        SecondPassWords(
            words=tuple(Word(text=word.text, t0=word.t0 + shift, t1=word.t1 + shift, p=word.p) for word in line.words),
            language=line.language,
        )
        for line in lines
    ]


def _standing(state: State, channel: ChannelId) -> list[CurrentLine]:
    lines = [line for _, line in state.segments.items() if line.channel == channel and line.ended and not line.gone]
    return [
        made_of(
            CurrentLine,
            line,
            segment=line.id,
            text=line.whole.strip(),
            machine=line.origin is Origin.MACHINE and not line.mended and not line.respoken,
        )
        for line in sorted(lines, key=lambda line: (line.t0, line.id))
        if line.whole.strip()
    ]


class Of(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a file of proposals."""

    refine: int = 1
    """The version of the format."""
    session: SessionId
    model: str


def write_proposals(of: Of, proposals: Sequence[Proposal]) -> bytes:
    """Encode a file of proposals: one JSON object a line."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in (of, *proposals))


def read_proposals(path: Path) -> tuple[Of, tuple[Proposal, ...]]:
    """Read a file of proposals, without empty lines. Raises ConfigurationError that names the wrong line."""
    with explained(f"{path} can't be read"):
        lines = path.read_bytes().splitlines()
    of: Of | None = None
    proposals: list[Proposal] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if of is None:
                of = read_json(line, Of)
            else:
                proposals.append(read_json(line, Proposal))
        except Unreadable as error:
            msg = f"Line {number} of {path} is no proposal: {error}. Put it right, or take the line out."
            raise ConfigurationError(msg) from error
    if of is None:
        raise ConfigurationError(f"{path} is empty: it doesn't even say of which session it is.")
    return of, tuple(proposals)
