"""`moothall search`: find what was said from a shell, and check the search index or make it anew."""

from __future__ import annotations

import argparse
import asyncio
import sys
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import TextIO
from urllib.error import HTTPError
from urllib.parse import urlencode

import msgspec

from moothall.adapters.search.derived_file import delete_file
from moothall.adapters.search.index_files import FOLDER
from moothall.adapters.search.meaning_files import delete_vectors
from moothall.adapters.search.search_door import PATH, JsonMoment, JsonResults, json_results
from moothall.adapters.store.files import explained
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import quiet_backend
from moothall.app.record.search import searching_all
from moothall.cli.conference import add_house, house_settings, running
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.search.choosing import KINDS, FindChoice
from moothall.core.search.lines import Shelf
from moothall.services.search.indexing import IndexCheck
from moothall.settings.sections import Settings

FOUND, NOTHING, UNSOUND = 0, 1, 1
WITHIN_S = 20.0
MOST_BYTES = 4 << 20
"""The most bytes of an answer."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    search = commands.add_parser(
        "search",
        help="find what was said",
        description="Find lines in the records of all public meetings: by the server that runs on this machine, or by "
        "the data folder while none runs. Words in quotation marks stand one after the other.",
        epilog="Exit status: 0 found, or the index is sound; 1 nothing was found, or the index is not sound.",
    )
    search.add_argument("words", nargs="*", help="the words; a line that is found has all of them")
    for kind in KINDS:
        search.add_argument(f"--{kind}", default="", metavar="VALUE", help=f"only of this {kind}")
    search.add_argument("--page", type=int, default=1, help="20 lines each, from 1")
    search.add_argument("--json", action="store_true", help="as one JSON object, as /search gives it")
    search.add_argument("--at", default="", metavar="ADDRESS", help="ask the server at this address")
    search.add_argument(
        "--all", action="store_true", help="records that not everybody may read, in place of public ones"
    )
    search.add_argument("--check", action="store_true", help="compare the index with the log; no server may run")
    search.add_argument("--rebuild", action="store_true", help="make the index anew; no server may run")
    add_house(search)
    search.set_defaults(run=_search)


def _search(arguments: argparse.Namespace) -> int:
    settings = house_settings(arguments)
    if arguments.rebuild or arguments.check:
        check = asyncio.run(_checked(settings, rebuild=arguments.rebuild))
        print_check(check, sys.stdout)
        return UNSOUND if check.behind or check.unread or check.faults else FOUND
    if not arguments.words:
        raise ConfigurationError("What is to be found? Name the words, or --check or --rebuild.")
    results = asyncio.run(_found(settings, arguments))
    if arguments.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(results)).decode() + "\n")
    else:
        print_results(results, sys.stdout)
    return FOUND if results.total or results.similar else NOTHING


def print_results(results: JsonResults, out: TextIO) -> None:
    """Print the moments of a page: when and where each was said, its words, its address."""
    print(f"Found: {results.total}. Page {results.page} of {max(1, results.pages)}.", file=out)
    _print_moments(results.moments, out)
    if results.similar:
        print("\nSimilar, without all of the words; a program compares meanings, and is often wrong:", file=out)
        _print_moments(results.similar, out)


def _print_moments(moments: Sequence[JsonMoment], out: TextIO) -> None:
    for each in moments:
        who = f" {each.name}:" if each.name else ""
        print(f"\n{each.at or ''} {each.title or each.session} [{each.language}, {each.source}]".lstrip(), file=out)
        print(f" {who} {each.text.strip()}", file=out)
        print(f"  {each.address}", file=out)


def print_check(check: IndexCheck, out: TextIO) -> None:
    """Print how the index compares with the log."""
    print(f"The index has {check.sessions} sessions.", file=out)
    for session in check.behind:
        print(f"{session}: the index has not what the log has. --rebuild makes it anew.", file=out)
    for session in check.unread:
        print(f"{session}: the log can't be read; moothall verify says why.", file=out)
    for shelf in check.faults:
        print(f"The file of {shelf.value} records is damaged. --rebuild makes it anew.", file=out)


async def _checked(settings: Settings, *, rebuild: bool) -> IndexCheck:
    """Compare the index with the log, after making it anew where that is wanted. Raises ConfigurationError."""
    data = Path(settings.server.data)
    if await running(data) is not None:
        raise ConfigurationError(f"A server uses the data folder {data}. Stop it first.")
    if rebuild:
        with explained(f"The index in {data / FOLDER} can't be deleted"):
            for shelf in Shelf:
                delete_file(data / FOLDER / f"{shelf.value}.sqlite3")
            delete_vectors(data)
    async with quiet_backend(settings, SystemClock()) as backend:
        if rebuild:
            await backend.indexing.catch_up()
        return await backend.indexing.check()


async def _found(settings: Settings, arguments: argparse.Namespace) -> JsonResults:
    """The moments that are found: by a server, or in the data folder. Raises ConfigurationError."""
    words, data = " ".join(arguments.words), Path(settings.server.data)
    chosen = {kind: value for kind in KINDS if (value := getattr(arguments, kind))}
    server = None if arguments.at else await running(data)
    if arguments.at or server is not None:
        if arguments.all:
            raise ConfigurationError("--all reads the data folder, which a server uses. Stop it first, or open a link.")
        address = arguments.at.rstrip("/") if server is None else (await server.status()).address
        query = urlencode({"q": words, **chosen, "page": arguments.page})
        return await asyncio.to_thread(_asked, f"{address}{PATH}?{query}")
    async with quiet_backend(settings, SystemClock()) as backend:
        await backend.indexing.catch_up()
        searching, zone = searching_all(backend, own=arguments.all)
        results = await searching.find(words, FindChoice(**chosen), page=arguments.page, own=arguments.all)
        return json_results(results, arguments.page, zone)


def _asked(address: str) -> JsonResults:
    """The answer of a server. Raises ConfigurationError."""
    if not address.startswith(("http://", "https://")):
        raise ConfigurationError(f"{address} is no address of a server. It begins with http:// or https://.")
    request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310  # checked above
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:  # noqa: S310  # checked above
            return read_json(answer.read(MOST_BYTES), JsonResults)
    except (OSError, HTTPException, Unreadable) as error:
        if isinstance(error, HTTPError):
            error.close()  # It holds the connection.
        why = getattr(error, "reason", None) or type(error).__name__
        raise ConfigurationError(f"The server at {address.partition(PATH)[0]} gave no answer: {why}.") from error
