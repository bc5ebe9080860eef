"""`moothall token make`, `list` and `revoke`: tokens of programs, with or without a running server."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from moothall.cli.conference import add_house, house_office, house_settings
from moothall.core.tokens.scopes import TokenScope
from moothall.services.programme.office import TokenOrder
from moothall.services.tokens.program_tokens import USUAL_DAYS, ProgramToken
from moothall.settings.sections import Settings


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    token = commands.add_parser(
        "token", help="tokens with which programs do acts of the staff", description="Tokens of programs."
    )
    acts = token.add_subparsers(required=True, metavar="ACT")
    make = acts.add_parser(
        "make",
        help="make a token",
        description="Make a token and print it, once. A program sends it as `Authorization: Bearer …`; "
        "/openapi.json says what it can do with it.",
    )
    make.add_argument("label", help="which program has it, for the list")
    make.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[each.value for each in TokenScope],
        help="what it may do; can be given several times",
    )
    make.add_argument("--days", type=int, default=USUAL_DAYS, help=f"how long it lives (default: {USUAL_DAYS})")
    add_house(make)
    make.set_defaults(run=_make)
    listing = acts.add_parser(
        "list", help="which tokens there are", description="List the tokens: scopes, expiry, and when each was used."
    )
    add_house(listing)
    listing.set_defaults(run=_list)
    revoke = acts.add_parser("revoke", help="end a token", description="End a token at once.")
    revoke.add_argument("token", metavar="ID", help="its id, as `moothall token list` gives it")
    add_house(revoke)
    revoke.set_defaults(run=_revoke)


def _make(arguments: argparse.Namespace) -> int:
    order = TokenOrder(
        label=arguments.label, scopes=tuple(TokenScope(each) for each in arguments.scope), days=arguments.days
    )
    return asyncio.run(_print_new(house_settings(arguments), order))


async def _print_new(settings: Settings, order: TokenOrder) -> int:
    async with house_office(settings) as office:
        secret = await office.make_token(order)
    print(secret)
    print("It is not shown again.", file=sys.stderr)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    return asyncio.run(_print_all(house_settings(arguments)))


async def _print_all(settings: Settings) -> int:
    async with house_office(settings) as office:
        tokens = await office.list_tokens()
    for each in tokens:
        print(line_of(each))
    return 0


def line_of(token: ProgramToken) -> str:
    """A token as a line of the list."""
    last = f"last {_moment(token.last[-1].at)} for {token.last[-1].act}" if token.last else "never used"
    return (
        f"{token.id}  {','.join(token.scopes)}  until {_moment(token.expires)}  "
        f"uses {token.uses}, {last}  {token.label}"
    )


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _revoke(arguments: argparse.Namespace) -> int:
    asyncio.run(_end(house_settings(arguments), arguments.token))
    print("The token is revoked.")
    return 0


async def _end(settings: Settings, name: str) -> None:
    async with house_office(settings) as office:
        await office.revoke_token(name)
