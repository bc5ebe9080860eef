"""`moothall status`, `drain`, `reload` and `cluster retire`: commands to the server that runs on this machine."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from moothall.adapters.admin.local_door import Caller
from moothall.cli.conference import add_house, house_settings, running
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.operation.status import status_lines

T = TypeVar("T")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to the parser."""
    status = commands.add_parser(
        "status",
        help="how the server is doing",
        description="Say how the server of this machine is doing: sessions that are on, readers, delay, engines, "
        "translators, hubs, disk. Status 1 when none runs.",
    )
    status.add_argument("--json", action="store_true", help="as one JSON object")
    add_house(status)
    status.set_defaults(run=_status)
    drain = commands.add_parser(
        "drain",
        help="let the server end once no meeting is on",
        description="From now on no meeting begins. Those that are on go on to their end, and then the server ends by "
        "itself; where a service manager starts it again that is the release that is installed then.",
    )
    add_house(drain)
    drain.set_defaults(run=_drain)
    reload = commands.add_parser(
        "reload",
        help="have the server read its settings again",
        description="Have the server read its settings again, and the files that they name: certificate, glossaries, "
        "words, engines' tokens. Nobody is disconnected but engines whose token is gone. What takes a restart is "
        "said. Where something is wrong all stays as it was.",
    )
    add_house(reload)
    reload.set_defaults(run=_reload)
    cluster = commands.add_parser(
        "cluster", help="the nodes of a house on several machines", description="The nodes of a house."
    )
    acts = cluster.add_subparsers(required=True, metavar="ACT")
    retire = acts.add_parser(
        "retire",
        help="take a node that is gone for good out of the house",
        description="Take a node out of the house whose machine is gone for good: it is named and waited for no more. "
        "Run it on the keeper's machine. Refused while that node lives. See to its disk: what was removed since it "
        "went is still there.",
    )
    retire.add_argument("node", metavar="NODE", help="its name, as in `node` of [cluster]")
    add_house(retire)
    retire.set_defaults(run=_retire)


async def require_running(data: Path) -> Caller:
    """Return a caller of the server that holds a data folder. Raises ConfigurationError when none runs."""
    caller = await running(data)
    if caller is None:
        raise _none_runs(data)
    return caller


def asked(arguments: argparse.Namespace, ask: Callable[[Caller], Awaitable[T]]) -> T:
    """Return what the server answers whose data folder the command line names. Raises ConfigurationError when none
    runs.
    """
    data = Path(house_settings(arguments).server.data)

    async def answer() -> T:
        return await ask(await require_running(data))

    return asyncio.run(answer())


def _none_runs(data: Path) -> ConfigurationError:
    """The error with the whole path: whoever forgets --data sees that it is `data` below where they are."""
    return ConfigurationError(
        f"No server runs with the data folder {data.absolute()}. `moothall serve` starts it, or `systemctl start "
        "moothall`; --data or --config names another folder."
    )


def _status(arguments: argparse.Namespace) -> int:
    status = asked(arguments, Caller.status)
    if arguments.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(status)).decode() + "\n")
    else:
        print("\n".join(status_lines(status)))
    return 0


def _drain(arguments: argparse.Namespace) -> int:
    status = asked(arguments, Caller.drain)
    print(f"No meeting begins any more. Meetings that are on: {len(status.sessions)}; after them the server ends.")
    return 0


def _reload(arguments: argparse.Namespace) -> int:
    told = asked(arguments, Caller.reload)
    if told.at_once:
        print(f"Read again. Changed: {', '.join(told.at_once)}.")
    else:
        print("Read again. Changed: no setting." if not told.by_restart else "Read again. Nothing changes at once.")
    for each in told.by_restart:
        print(f"A change of {each} takes a restart.")
    return 0


def _retire(arguments: argparse.Namespace) -> int:
    print(asked(arguments, lambda server: server.retire(arguments.node)))
    return 0
