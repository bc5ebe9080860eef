"""A server whose staff sign in, and the provider at which they have accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from moothall.settings.sections import SignIn
from support.desks.admin import AdminHouse, admin_house
from support.sign_in.provider import CLIENT, SECRET, TestProvider, provider

ROLES = ("secretariat=mh-office", "captioner=mh-text", "moderator=mh-text")


@asynccontextmanager
async def house_with(folder: Path, public: str = "", **settings: Any) -> AsyncIterator[tuple[AdminHouse, TestProvider]]:
    """Run a server and the provider at which its staff have accounts."""
    secret = folder / "client.secret"
    secret.write_text(f"{SECRET}\n")
    async with provider() as theirs:
        sign_in = SignIn(
            issuer=theirs.issuer,
            client_id=CLIENT,
            client_secret_file=str(secret),
            scopes=("groups",),
            **{"roles": ROLES, **settings},
        )
        async with admin_house(folder, public, sign_in) as house:
            yield house, theirs
