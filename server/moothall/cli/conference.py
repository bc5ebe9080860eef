"""The commands `moothall conference import` and `moothall admin-link`, with or without a running server."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from moothall.adapters.admin.local_door import CARD, Caller
from moothall.adapters.store.files import explained
from moothall.adapters.system.clock import SystemClock
from moothall.adapters.system.time_zones import find_zone
from moothall.app.backend import quiet_backend
from moothall.core.events.types import Access
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.times import UTC_ZONE, Zone, offset_name
from moothall.core.programme.changes import UNTOUCHED, Change, ChangeKind
from moothall.core.programme.plan import Planned
from moothall.core.programme.table_writing import MOST_BYTES
from moothall.services.programme.office import AdminLinkOrder, ImportReport, Office
from moothall.settings.loading import load
from moothall.settings.sections import Settings

DECLINED = 1
MOST_HOURS = 8_760
"""The longest lifetime of a link in hours, a year; for more, no end is set."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands to the parser."""
    conference = commands.add_parser("conference", help="rooms and sessions from a programme")
    acts = conference.add_subparsers(required=True, metavar="ACT")
    imports = acts.add_parser(
        "import",
        help="make rooms and sessions from a conference file",
        description="Make rooms and sessions from CSV, schedule.xml or schedule.json of frab or pretalx, or iCalendar. "
        "Shows the changes first and asks; can be run again at any time. Nothing is ever deleted.",
    )
    imports.add_argument("file", type=Path, help="the file; - is standard input")
    imports.add_argument("--yes", action="store_true", help="make the changes without asking")
    imports.add_argument("--dry-run", action="store_true", help="only show the changes")
    imports.add_argument(
        "--timezone", default="", help="of times that name none, where the file names none (default: the conference's)"
    )
    imports.add_argument(
        "--access", choices=[each.value for each in Access], default="public", help="who may read the new sessions"
    )
    imports.add_argument(
        "--languages", default="", help="spoken in sessions that name none, the one that is expected first: en,fr"
    )
    add_house(imports)
    imports.set_defaults(run=_import)
    link = commands.add_parser(
        "admin-link",
        help="the address of /admin",
        description="Print a link to /admin: the first one, or with --new one in its place, after which the old one "
        "and all browsers that opened it are shut out.",
    )
    link.add_argument("--new", action="store_true", help="replace the link")
    link.add_argument(
        "--expires-in", type=_hours, default=0.0, metavar="HOURS", help="after so many hours it opens nothing any more"
    )
    link.add_argument("--one-browser", action="store_true", help="only the first browser that opens it may use it")
    link.add_argument(
        "--without-sign-in",
        action="store_true",
        help="another link, for one browser and an hour unless --expires-in says otherwise, that opens /admin also "
        "where [sign_in] demands a sign-in: for when the provider is down",
    )
    add_house(link)
    link.set_defaults(run=_admin_link)


def add_house(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the settings and data folder."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings; see config/moothall.toml")
    parser.add_argument("--data", help="the server's data folder")


def house_settings(arguments: argparse.Namespace) -> Settings:
    """Read the settings that the command line names, with its data folder."""
    settings = load(arguments.config, os.environ)
    if arguments.data is None:
        return settings
    return msgspec.structs.replace(settings, server=msgspec.structs.replace(settings.server, data=arguments.data))


async def running(data: Path) -> Caller | None:
    """Return a caller of the server that holds a data folder; None when none runs."""
    if (data / CARD).exists() and await (caller := Caller(data)).answers():
        return caller
    return None


@asynccontextmanager
async def house_office(settings: Settings) -> AsyncIterator[Office | Caller]:
    """Yield the running server's office, if a server holds the data folder; otherwise the folder's own."""
    caller = await running(Path(settings.server.data))
    if caller is not None:
        yield caller
        return
    public = settings.server.public_address.rstrip("/") or f"http://{settings.server.host}:{settings.server.port}"
    async with quiet_backend(settings, SystemClock()) as backend:
        yield backend.office(public)


def _import(arguments: argparse.Namespace) -> int:
    return asyncio.run(_import_file(arguments, house_settings(arguments)))


async def _import_file(arguments: argparse.Namespace, settings: Settings) -> int:
    data = _read(arguments.file)
    zone, access, languages = arguments.timezone, Access(arguments.access), arguments.languages
    async with house_office(settings) as office:
        told = await office.import_programme(data, zone=zone, access=access, apply=False, languages=languages)
        print("\n".join(said_of(told)))
        if arguments.dry_run or not any(change.kind not in UNTOUCHED for change in told.changes):
            return 0
        if not arguments.yes and not _agreed(arguments.file):
            print("Nothing was changed.")
            return DECLINED
        told = await office.import_programme(data, zone=zone, access=access, apply=True, languages=languages)
    print(f"Changes made: {told.done}.")
    for sentence in told.refused:
        print(f"Not made: {sentence}", file=sys.stderr)
    return DECLINED if told.refused else 0


def _agreed(file: Path) -> bool:
    if str(file) == "-" or not sys.stdin.isatty():
        raise ConfigurationError("There is nobody to ask: run it again with --yes to make these changes.")
    try:
        return input("Make these changes? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _read(file: Path) -> bytes:
    with explained(f"{file} can't be read"):
        if str(file) == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)


def _admin_link(arguments: argparse.Namespace) -> int:
    passing: bool = arguments.without_sign_in
    order = AdminLinkOrder(
        hours=arguments.expires_in or (1 if passing else 0),
        one_browser=passing or arguments.one_browser,
        without_sign_in=passing,
    )
    return asyncio.run(_print_admin_link(house_settings(arguments), new=arguments.new, order=order))


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= MOST_HOURS:
        raise argparse.ArgumentTypeError(f"write hours as a number above 0 and up to {MOST_HOURS}, such as 12")
    return hours


async def _print_admin_link(settings: Settings, *, new: bool, order: AdminLinkOrder) -> int:
    async with house_office(settings) as office:
        address = await office.admin_link(new=new, order=order)
    if address is None:
        raise ConfigurationError("There is an admin link already, and nobody can look it up. --new replaces it.")
    print(f"Admin link: {address}")
    if settings.sign_in.required_for_admin and not order.without_sign_in:
        print("It leads to the sign-in. --without-sign-in makes one that opens /admin without it.", file=sys.stderr)
    return 0


def said_of(told: ImportReport) -> list[str]:
    """List what an import would change, one change a line. Times are in the conference's zone."""
    rules = find_zone(told.zone)
    zone = UTC_ZONE if rules is None else Zone(told.zone, rules)
    lines = [told.title] if told.title else []
    lines += [_line(change, zone) for change in told.changes]
    lines += list(told.notes)
    for one, other in told.clashes:
        lines.append(f"! room {one.room}: {one.session} and {other.session} are there at the same time")
    return lines if told.changes else [*lines, "Nothing would change: everything is as in the file."]


def _line(change: Change, zone: Zone) -> str:
    match change.kind:
        case ChangeKind.ROOM_ADDED:
            return f"+ room {change.room}: {change.title}"
        case ChangeKind.ADDED:
            return f"+ session {change.session}: {change.title}{_where(change.after, zone)}"
        case ChangeKind.ZONE:
            return f"~ time zone of all times shown: {change.title}"
        case ChangeKind.VANISHED:
            return f"! session {change.session}: {change.title} is not in the file any more; it stays"
        case ChangeKind.LANGUAGES:
            return f"! session {change.session}: {_value(change, change.after, zone)} in the file; its languages stay"
        case _:
            before, after = _value(change, change.before, zone), _value(change, change.after, zone)
            return f"~ session {change.session}: {change.kind} {before or 'nothing'} -> {after or 'nothing'}"


def _value(change: Change, planned: Planned | None, zone: Zone) -> str:
    if planned is None:
        return ""
    values = {
        ChangeKind.TITLE: planned.title,
        ChangeKind.TIMES: f"{_time(planned.starts, zone)} to {_time(planned.ends, zone)}",
        ChangeKind.ROOM: planned.room or "",
        ChangeKind.SPEAKERS: ", ".join(speaker.name for speaker in planned.speakers),
    }
    return values.get(change.kind, ", ".join(planned.languages))


def _where(planned: Planned | None, zone: Zone) -> str:
    if planned is None:
        return ""
    starts = "" if planned.starts is None else _time(planned.starts, zone)
    parts = [planned.room or "", starts, *planned.languages]
    return f" ({', '.join(part for part in parts if part)})"


def _time(ms: int | None, zone: Zone) -> str:
    if ms is None:
        return "?"
    moment = zone.at(ms)
    return f"{moment:%Y-%m-%d %H:%M} {offset_name(moment)}"
