"""Who is let in with a token: every act, every scope, and what a token does not open."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from moothall.adapters.tokens import programme_acts_door, session_acts_door, stream_acts_door
from moothall.adapters.tokens.gate import EXPORT
from moothall.core.tokens.scopes import TokenScope
from support.halls.programs import programs

ACTS = (*session_acts_door.ACTS, *programme_acts_door.ACTS, *stream_acts_door.ACTS)


async def test_an_act_is_done_with_its_scope_alone(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        one_of_each = {scope: await house.program([scope]) for scope in TokenScope}
        for act in ACTS:
            path = act.path.format(session="nosuchone", channel="floor")
            status, said = await house.stranger().ask(act.method, path)
            assert (status, list(said)) == (401, ["error"]), act.name
            for scope, program in one_of_each.items():
                status, said = await program.ask(act.method, path)
                assert (status in (401, 403)) is (scope is not act.scope), (act.name, scope, status)
                assert "no-store" in program.headers["Cache-Control"]
                if scope is not act.scope:
                    assert f'scope="{act.scope}"' in program.headers["WWW-Authenticate"]
        assert {act.scope for act in ACTS} == set(TokenScope)
        lower = {"authorization": f"bearer {one_of_each[TokenScope.SESSIONS].token}"}
        async with house.http.get(f"{house.running.address}/api/sessions", headers=lower) as answer:
            assert answer.status == 200
        uses = {token.scopes[0]: {use.act for use in token.last} for token in house.running.backend.tokens.list()}
        assert uses == {scope: {act.name for act in ACTS if act.scope is scope} for scope in TokenScope}


async def test_wrong_and_revoked_tokens_are_refused_and_not_for_ever(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        tokens = house.running.backend.tokens
        program = await house.program()
        assert (await program.ask("GET", "/api/sessions"))[0] == 200
        await tokens.revoke(tokens.list()[0].id)
        status, _ = await program.ask("GET", "/api/sessions")
        assert (status, program.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        assert (await house.stranger(link.rpartition("/")[2]).ask("GET", "/api/sessions"))[0] == 401
        tried = [(await house.stranger(f"moothall_{n}").ask("GET", "/api/sessions"))[0] for n in range(320)]
        assert {*tried} == {401, 429}
        good = await house.program()
        assert (await good.ask("GET", "/api/sessions"))[0] == 200  # Others at the same address are not shut out.


async def test_a_token_opens_no_page_and_no_other_record_door(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        program = await house.program()
        plan = {"title": "Closed doors", "languages": ["en"], "access": "staff"}
        assert (await program.ask("PUT", "/api/sessions/inner", plan))[0] == 200
        bearer = {"Authorization": f"Bearer {program.token}"}
        address = house.running.address
        async with aiohttp.ClientSession(headers=bearer) as http:
            for path, statuses in {
                "/admin": {403},
                "/staff": {403},
                "/control": {401, 403},
                "/desk/inner": {401, 403},
                "/s/inner": {404},
                "/s/inner/poll": {403, 404},
                "/s/inner/bundle.zip": {404},
            }.items():
                async with http.get(address + path) as answer:
                    assert answer.status in statuses, path
            async with http.get(f"{address}/s/inner/record.json") as answer:
                assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
                assert (await answer.json())["session"]["title"] == "Closed doors"
        async with aiohttp.ClientSession() as http, http.get(f"{address}/s/inner/record.json") as answer:
            assert answer.status == 404
        without = await house.program([TokenScope.SESSIONS])
        assert (await without.ask("GET", "/s/inner/record.json"))[0] == 403
        assert [use.act for use in house.running.backend.tokens.list()[0].last][-1] == EXPORT
