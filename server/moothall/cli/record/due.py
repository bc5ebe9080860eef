"""The command `moothall record due`: what is removed next of past meetings, with or without a running server."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

import msgspec

from moothall.adapters.system.time_zones import chosen_zone
from moothall.cli.conference import add_house, house_office, house_settings
from moothall.core.retention.listing import DueItem, DueList
from moothall.core.retention.periods import KeptKind

_KINDS = {
    KeptKind.TEXT: "text",
    KeptKind.SOUND: "published sound",
    KeptKind.STAFF: "notes and marks of the staff",
    KeptKind.QUESTIONS: "questions that nobody published, and who asked",
}


def add_command(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those about records."""
    due = acts.add_parser(
        "due",
        help="what is removed next, as its time is over",
        description="List what is removed of past meetings, as it was kept for as long as [retention] or "
        "/admin/retention says, and when. It can be put off at /admin/retention. Nothing is removed by this command.",
    )
    due.add_argument("--json", action="store_true", help="as JSON, times in Unix ms")
    add_house(due)
    due.set_defaults(run=_due)


def _due(arguments: argparse.Namespace) -> int:
    settings = house_settings(arguments)

    async def ask() -> DueList:
        async with house_office(settings) as office:
            return await office.list_due()

    found = asyncio.run(ask())
    if arguments.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    else:
        zone = chosen_zone(settings.conference.time_zone, os.environ).rules
        print("\n".join(lines_of(found, zone)))
    return 0


def lines_of(found: DueList, zone: tzinfo) -> Iterator[str]:
    """The list as text, with days in a time zone."""
    if not found.items:
        yield f"Nothing is due within {found.notice_days} days."
        return
    for each in found.items:
        yield f"{_day(each.removed, zone)}  {each.session}: {_KINDS[each.kind]}{_why_later(each, zone)}"


def _why_later(each: DueItem, zone: tzinfo) -> str:
    off = each.put_off
    return "" if off is None else f" (put off to {_day(off.until, zone)}: {off.reason})"


def _day(ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).astimezone(zone).date().isoformat()
