"""Signing in at a provider that isn't ours: `oidc-provider` of npm, which the OpenID Foundation has certified."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from yarl import URL

from moothall.core.kernel.actors import Role
from moothall.settings.sections import SignIn
from support.browser.node import SCRIPTS, module, node
from support.desks.admin import admin_house
from support.sign_in.provider import CLIENT, SECRET


@asynccontextmanager
async def npm_provider(groups: dict[str, list[str]]) -> AsyncIterator[str]:
    """Its issuer; `groups` by the names with which people sign in."""
    program, package = node(), module("oidc-provider/lib/index.js")
    process = await asyncio.create_subprocess_exec(
        program,
        str(SCRIPTS / "open_id_provider.js"),
        str(package),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"client": CLIENT, "secret": SECRET, "groups": groups}).encode() + b"\n")
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


class Visitor:
    """Signs in as a browser does: follows every way, and fills in the provider's forms."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def sign_in(self, address: str, login: str) -> tuple[int, str]:
        """The status and the path of the page to which it leads."""
        answer = await self._http.get(address)
        while (form := re.search(r'<form[^>]* action="([^"]+)"', page := await answer.text())) and "prompt" in page:
            prompt = re.findall(r'name="prompt" value="(\w+)"', page)[0]
            typed = {"login": login, "password": "x"} if prompt == "login" else {}
            answer = await self._http.post(answer.url.join(URL(form[1])), data={"prompt": prompt, **typed})
        return answer.status, answer.url.path


async def test_a_certified_provider_lets_in_whoever_has_a_group_and_nobody_else(tmp_path: Path) -> None:
    secret = tmp_path / "client.secret"
    secret.write_text(f"{SECRET}\n")
    async with npm_provider({"ana": ["mh-office"], "ben": ["cleaning"]}) as issuer:
        sign_in = SignIn(
            issuer=issuer,
            client_id=CLIENT,
            client_secret_file=str(secret),
            scopes=("groups",),
            roles=("secretariat=mh-office",),
        )
        async with admin_house(tmp_path, "", sign_in) as house:
            asked = f"{house.running.address}/sign-in?to=/admin"
            for login, led in (("ben", 403), ("ana", 200)):
                async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                    status, path = await Visitor(http).sign_in(asked, login)
                    assert (status, path) == (led, "/admin" if led == 200 else "/sign-in/back"), login
            (signed_in,) = house.running.backend.links.signed_in()
            assert signed_in.staff.role is Role.SECRETARIAT
