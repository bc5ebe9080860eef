"""The page on which the secretariat makes and revokes tokens."""

from __future__ import annotations

import re
from pathlib import Path

from support.desks.admin import admin_house
from support.halls.programs import Program

PAGE = "/admin/tokens"


async def test_a_token_is_made_shown_once_used_and_revoked(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin")
        assert f'href="{PAGE}"' in secretary.text
        await secretary.get(PAGE)
        assert await secretary.send(PAGE, label="  ", scope="sessions", days="30") == 400
        assert "A token needs a name" in secretary.text
        assert re.search(r'value="sessions" checked', secretary.text)
        await secretary.get(PAGE)
        form = {**secretary.hidden(PAGE), "label": "Plan <sync>", "scope": "sessions", "days": "30"}
        assert await secretary.post(PAGE, form) == 200
        found = re.search(r"moothall_[a-z2-7]{32}", secretary.text)
        assert found is not None
        assert "Plan &lt;sync&gt;" in secretary.text
        assert secretary.headers["Cache-Control"] == "no-store"
        program = Program(secretary.http, secretary.address, found[0])
        assert (await program.ask("GET", "/api/sessions"))[0] == 200
        await secretary.get(PAGE)
        assert found[0] not in secretary.text
        assert "listSessions" in secretary.text
        assert await secretary.post(PAGE, form) == 200  # The same form once more makes no other.
        (token,) = house.running.backend.tokens.list()
        assert await secretary.send(f"{PAGE}/{token.id}/revoke") == 200
        assert "There is no token yet." in secretary.text
        assert (await program.ask("GET", "/api/sessions"))[0] == 401
        assert await secretary.post(f"{PAGE}/{token.id}/revoke", form) == 404


async def test_strangers_and_other_roles_make_none(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        stranger = await house.browser()
        assert await stranger.get(PAGE) == 403
        assert await stranger.post(PAGE, {"label": "x", "scope": "links", "days": "1"}) == 403
        assert house.running.backend.tokens.list() == ()
