"""The commands `moothall record import`, `publish` and `original`, with or without a running server."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TextIO

import msgspec

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.pages.catalogues import LANGUAGES, Catalogue
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.store import sqlite_file
from moothall.adapters.store.files import explained
from moothall.adapters.system.time_zones import chosen_zone, find_zone
from moothall.cli.conference import add_house, house_office, house_settings
from moothall.cli.journal import write_whole
from moothall.cli.playing import session_of
from moothall.cli.record import due
from moothall.core.events.codec import decode_event
from moothall.core.events.types import Access
from moothall.core.kernel.errors import ConfigurationError, ImportRefused
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.lanes import STAFF
from moothall.core.kernel.languages import is_language
from moothall.core.programme.plan import Speaker
from moothall.core.rules.imports import MAX_GROUND
from moothall.record.imports.about import TABLE, AboutMeeting, read_table
from moothall.record.imports.acts import ImportChoice, acts_of, key_of_name
from moothall.record.imports.past import MOST_BYTES
from moothall.record.imports.reading import ENDINGS
from moothall.record.imports.whole_file import FileToImport, original_in, read_file
from moothall.services.programme.office import Office
from moothall.services.programme.past_records import PublishOrder

REFUSED = 1
_WIDTH = 28
_PAGE = 500
_YES = {"yes": True, "no": False}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the parser."""
    record = commands.add_parser("record", help="records of past meetings from files, and who may read them")
    acts = record.add_subparsers(required=True, metavar="ACT")
    imports = acts.add_parser(
        "import",
        help="make records of files about past meetings",
        description="Make a meeting of each file in a folder: WebVTT, SubRip, TTML, Akoma Ntoso, plain text with "
        "speakers, or this program's own JSON. Each is for the staff alone until somebody states on what ground others "
        "may read it. Run again it goes on where it was stopped, and passes over what is there.",
    )
    imports.add_argument("folder", type=Path, help="a folder, or one file")
    imports.add_argument(
        "--young-people",
        choices=sorted(_YES),
        help="whether young people take part: then no name is kept, nor the file",
    )
    imports.add_argument("--language", default="", help="of texts that name none: en")
    imports.add_argument("--timezone", default="", help="of times that name none (default: the conference's)")
    imports.add_argument(
        "--keep-names",
        default="",
        metavar="STATEMENT",
        help="why names may be kept that no programme lists, in a sentence for the log; otherwise they are dropped",
    )
    imports.add_argument("--dry-run", action="store_true", help="only read the files")
    add_house(imports)
    imports.set_defaults(run=_import)
    publish = acts.add_parser(
        "publish",
        help="state on what ground an imported record may be read",
        description="State on what ground others than the staff may read an imported record. The ground is public.",
    )
    publish.add_argument("session", help="the session")
    publish.add_argument("--ground", default="", help="on what ground, in a sentence")
    publish.add_argument("--access", choices=[each.value for each in Access], default=Access.PUBLIC.value)
    publish.add_argument("--unlisted", action="store_true", help="no public list names it")
    add_house(publish)
    publish.set_defaults(run=_publish)
    original = acts.add_parser(
        "original",
        help="the file from which a record was imported",
        description="Write the file from which a record was imported, as it came, unless words were removed since.",
    )
    original.add_argument("session", help="the session")
    original.add_argument("--text", default="floor", metavar="CHANNEL", help="which text of it (default: floor)")
    original.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write it")
    add_house(original)
    original.set_defaults(run=_original)
    due.add_command(acts)


class FolderToImport:
    """The files of a folder. `file` reads one of them, and raises ImportRefused with what is wrong with it."""

    def __init__(
        self, folder: Path, *, young_people: bool, language: str, zone: tzinfo, unnamed: frozenset[str]
    ) -> None:
        """Raises ConfigurationError when the folder, or its table, can't be read."""
        self._root = folder if folder.is_dir() else folder.parent
        self._young_people = young_people
        self._language = language
        self._zone = zone
        self._unnamed = unnamed
        if not folder.exists():
            raise ConfigurationError(f"{folder} can't be read: there is no such file or folder.")
        with explained(f"{folder} can't be read"):
            found = [folder] if folder.is_file() else sorted(_files(folder))
            table = self._root / TABLE
            content = table.read_bytes() if table.is_file() else b""
        self.names = tuple(path.relative_to(self._root).as_posix() for path in found)
        try:
            self._table: Mapping[str, AboutMeeting] = read_table(content, zone) if content else {}
        except ImportRefused as error:
            raise ConfigurationError(f"{table}: {error}") from error
        missing = sorted(set(self._table) - set(self.names)) if folder.is_dir() else []
        if missing:
            raise ConfigurationError(f"{table} names files that are not there: {', '.join(missing[:5])}")
        if not self.names:
            raise ConfigurationError(f"{folder} has no file to import: their names end with {', '.join(ENDINGS)}.")

    def file(self, name: str) -> FileToImport:
        """Read one file. Raises ImportRefused."""
        path = self._root / name
        try:
            with path.open("rb") as opened:
                data = opened.read(MOST_BYTES + 1)
        except OSError as error:
            raise ImportRefused(f"It can't be read: {error.strerror}.") from error
        read = read_file(
            data,
            path.name,
            stated=self._table.get(name, AboutMeeting()),
            language=self._language,
            zone=self._zone,
            unnamed=self._unnamed,
            young_people=self._young_people,
        )
        return msgspec.structs.replace(read, name=name)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and path.name.lower().endswith(ENDINGS):
            yield path


class ImportProgress:
    """Shows how many files are done: a bar on a terminal, otherwise a line for each tenth of them."""

    def __init__(self, files: int, out: TextIO) -> None:
        self._files = files
        self._out = out
        self._terminal = out.isatty()
        self._shown = False

    def at(self, done: int, name: str) -> None:
        """Show that `done` files are done, and which is next."""
        if self._terminal:
            full = done * _WIDTH // self._files
            bar = "#" * full + "." * (_WIDTH - full)
            self._out.write(f"\r[{bar}] {done} of {self._files} {name[-40:]}\x1b[K")
            self._shown = True
        elif done and done * 10 // self._files > (done - 1) * 10 // self._files:
            self._out.write(f"{done} of {self._files} files\n")
        self._out.flush()

    def say(self, sentence: str) -> None:
        """Write a sentence above the bar."""
        self._out.write(f"\r\x1b[K{sentence}\n" if self._terminal and self._shown else f"{sentence}\n")
        self._out.flush()

    def end(self) -> None:
        """End the bar."""
        if self._terminal and self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()


class ImportTally(msgspec.Struct):
    """What became of the files of a run."""

    done: int = 0
    there: int = 0
    refused: int = 0
    dropped: set[str] = msgspec.field(default_factory=set)
    """Names that no programme lists, and that were dropped."""


def _import(arguments: argparse.Namespace) -> int:
    if len(arguments.keep_names) > MAX_GROUND:
        raise ConfigurationError(f"A statement has at most {MAX_GROUND} characters.")
    if arguments.language and not is_language(arguments.language):
        raise ConfigurationError(f"'{arguments.language[:40]}' is no language; write a tag such as en or pt-BR.")
    settings = house_settings(arguments)
    name = arguments.timezone
    zone = find_zone(name) if name else chosen_zone(settings.conference.time_zone, os.environ).rules
    if zone is None:
        raise ConfigurationError(f"The time zone '{name[:60]}' is not known here; write it as Africa/Nairobi.")
    young_people = _young_people(arguments.young_people)
    if young_people and arguments.keep_names:
        raise ConfigurationError("Where young people take part no names are kept.")
    folder = FolderToImport(
        arguments.folder, young_people=young_people, language=arguments.language, zone=zone or UTC, unnamed=_unnamed()
    )
    return asyncio.run(_import_all(arguments, folder))


def _young_people(said: str | None) -> bool:
    """Whether young people take part. Nobody can import anything before that was asked."""
    question = "Do young people take part in any of these meetings? [yes/no] "
    while said not in _YES:
        if said is not None:
            print("Write yes or no.")
        if not sys.stdin.isatty():
            raise ConfigurationError("Say whether young people take part: --young-people yes, or --young-people no.")
        try:
            said = input(question).strip().lower()
        except EOFError:
            raise ConfigurationError("Nothing was imported.") from None
    return _YES[said]


def _unnamed() -> frozenset[str]:
    """What our own files write for a speaker who isn't named, in each language."""
    folder = find_web_folder() / "locales"
    return frozenset(Catalogue.read(folder, language).group("record")["unnamed"] for language in LANGUAGES)


async def _import_all(arguments: argparse.Namespace, folder: FolderToImport) -> int:
    tally, progress = ImportTally(), ImportProgress(len(folder.names), sys.stderr)
    try:
        if arguments.dry_run:
            for n, name in enumerate(folder.names):
                progress.at(n, name)
                _try(folder, name, tally, progress)
        else:
            async with house_office(house_settings(arguments)) as office:
                for n, name in enumerate(folder.names):
                    progress.at(n, name)
                    if (file := _try(folder, name, tally, progress)) is not None:
                        tally.done -= 1
                        await _import_one(office, file, arguments.keep_names, tally, progress)
        progress.at(len(folder.names), "")
    finally:
        progress.end()
    _say(tally, dry=arguments.dry_run)
    return REFUSED if tally.refused else 0


def _say(tally: ImportTally, *, dry: bool) -> None:
    print(f"{'Can be read' if dry else 'Imported'}: {tally.done}. Were there already: {tally.there}.")
    if tally.refused:
        print(f"Not imported: {tally.refused}.", file=sys.stderr)
    if tally.dropped:
        print(f"Names that no programme lists were dropped: {len(tally.dropped)}.")
    if tally.done and not dry:
        print("They are for the staff alone. To let others read one: moothall record publish SESSION --ground …")


def _try(folder: FolderToImport, name: str, tally: ImportTally, progress: ImportProgress) -> FileToImport | None:
    try:
        file = folder.file(name)
        for note in file.past.notes:
            progress.say(f"{name}: line {note.row}: {note.sentence}")
        list(acts_of(file.past, file.meeting, ImportChoice()))
    except ImportRefused as error:
        tally.refused += 1
        progress.say(f"{name}: not imported. {error}")
        return None
    tally.done += 1
    return file


async def _import_one(
    office: Office | Caller, file: FileToImport, names: str, tally: ImportTally, progress: ImportProgress
) -> None:
    try:
        begun = await office.begin_import(file.meeting)
        if begun.done:
            tally.there += 1
            return
        listed = {key_of_name(each.name): each for each in begun.speakers}
        name = Path(file.name).name
        choice = ImportChoice(names=names, listed=listed, file=name, original=file.packed)
        for act in tuple(acts_of(file.past, file.meeting, choice, further=begun.further)):
            await office.import_part(act)
    except (ImportRefused, ConfigurationError) as error:
        if isinstance(office, Caller) and not await office.answers():
            raise
        tally.refused += 1
        progress.say(f"{file.name}: not imported. {error}")
        return
    tally.done += 1
    tally.dropped |= _dropped(file, names, listed)


def _dropped(file: FileToImport, names: str, listed: Mapping[str, Speaker]) -> set[str]:
    if names and not file.meeting.young_people:
        return set()
    said = {key_of_name(line.name) for line in file.past.lines if line.name}
    asked = {key_of_name(each.name) for each in file.past.asked if each.name}
    return asked | (said if file.meeting.young_people else said - set(listed))


def _publish(arguments: argparse.Namespace) -> int:
    order = PublishOrder(
        session=session_of(arguments.session),
        access=Access(arguments.access),
        ground=arguments.ground,
        listed=not arguments.unlisted,
    )
    return asyncio.run(_publish_record(arguments, order))


async def _publish_record(arguments: argparse.Namespace, order: PublishOrder) -> int:
    async with house_office(house_settings(arguments)) as office:
        await office.publish_record(order)
    who = {Access.PUBLIC: "everybody", Access.LINK: "whoever has its link", Access.STAFF: "the staff alone"}
    print(f"{order.session} may be read by {who[order.access]}.")
    return 0


def _original(arguments: argparse.Namespace) -> int:
    session, data = session_of(arguments.session), Path(house_settings(arguments).server.data)
    write_whole(arguments.out, read_original(data, session, ChannelId(arguments.text)), mode=0o600)
    print(f"Written: {arguments.out}")
    return 0


def read_original(data: Path, session: SessionId, channel: ChannelId) -> bytes:
    """The file from which a text was imported, read without disturbing a server that has the log open. Raises
    ConfigurationError.
    """
    reader = sqlite_file.LogReader(sqlite_file.open_for_reading(data / sqlite_file.FILE_NAME))
    events: list[object] = []
    after = 0
    try:
        while page := reader.read(session, after, _PAGE, {STAFF}):
            after = page[-1].header.offset
            events += [decode_event(record.body) for record in page if record.body is not None]
    finally:
        reader.close()
    found = original_in(events, channel)
    if found is None:
        raise ConfigurationError(
            f"No file of '{session}' is kept: it was not imported, young people took part, or words were removed since."
        )
    return found[1]
