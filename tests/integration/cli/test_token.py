"""`moothall token`, without a server and with one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from moothall.adapters.admin.local_door import Caller
from moothall.cli.main import main
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.tokens.scopes import TokenScope
from moothall.services.programme.office import TokenOrder
from support.halls.programs import programs


def test_a_token_is_made_listed_and_revoked_without_a_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", str(tmp_path))
    assert main(["token", "make", "plan sync", "--scope", "sessions", "--scope", "record", *data]) == 0
    assert re.fullmatch(r"moothall_[a-z2-7]{32}\n", capsys.readouterr().out)
    assert main(["token", "list", *data]) == 0
    line = capsys.readouterr().out
    found = re.fullmatch(r"([0-9a-f]{10})  sessions,record  until \S+  uses 0, never used  plan sync\n", line)
    assert found is not None, line
    assert main(["token", "revoke", found[1], *data]) == 0
    assert main(["token", "revoke", found[1], *data]) == 1
    assert "no such token" in capsys.readouterr().err
    assert main(["token", "list", *data]) == 0
    assert capsys.readouterr().out == ""


async def test_a_running_server_makes_lists_and_revokes_it(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        caller = Caller(tmp_path / "data")
        secret = await caller.make_token(TokenOrder(label="sync", scopes=(TokenScope.SESSIONS,), days=1))
        program = house.stranger(secret)
        assert (await program.ask("GET", "/api/sessions"))[0] == 200
        (token,) = await caller.list_tokens()
        assert (token.uses, token.last[0].act) == (1, "listSessions")
        await caller.revoke_token(token.id)
        assert (await program.ask("GET", "/api/sessions"))[0] == 401
        with pytest.raises(ConfigurationError, match="no such token"):
            await caller.revoke_token(token.id)
        with pytest.raises(ConfigurationError, match="needs a name"):
            await caller.make_token(TokenOrder(label="", scopes=(TokenScope.SESSIONS,), days=1))
