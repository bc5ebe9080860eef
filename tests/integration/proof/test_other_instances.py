"""One instance cosigns the tree of another, over HTTP and by their settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.store.signing import ed25519
from moothall.app.hall import RunningServer, hall
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.proof.policy import read_policy
from moothall.settings.sections import EngineSection, ProofSection, Server, Settings, Translation
from support.halls.process import free_port
from support.hubs.together import Meeting
from support.proof.ahead import AheadClock


@asynccontextmanager
async def served(
    data: Path, proof: ProofSection, clock: AheadClock | None = None, port: int = 0
) -> AsyncIterator[RunningServer]:
    settings = Settings(
        server=Server(port=port, data=str(data)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        proof=proof,
    )
    async with hall(settings, clock=clock) as running:
        yield running


async def got(running: RunningServer, path: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{running.address}{path}") as answer:
        assert answer.status == 200, path
        return await answer.text()


async def test_an_instance_cosigns_the_tree_of_another(tmp_path: Path) -> None:
    clock, port = AheadClock(), free_port(8)
    async with served(tmp_path / "one", ProofSection(), clock) as one:
        await Meeting(one).begin()
        await clock.grow(one)
        key = str(read_policy((await got(one, "/log/policy")).encode()).logs[0])
    async with served(tmp_path / "other", ProofSection(cosigns=(key,)), port=port) as other:
        vkey = (await got(other, "/log/witness")).strip()
        named = ProofSection(witnesses=(f"other {vkey} http://127.0.0.1:{port}/log",))
        async with served(tmp_path / "one", named, clock) as one:
            while (shown := one.proof.tree.shown) is None or len(shown.note.signatures) < 2:
                await clock.sleep(20)
            policy = read_policy((await got(one, "/log/policy")).encode())
            assert policy.quorum == "others"
            assert shown.note.signed_by(policy.witnesses["w-other"], ed25519) is not None
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{other.address}/log/add-checkpoint", data=b"old 0\n\nx\n") as answer,
        ):
            assert answer.status == 400


@pytest.mark.parametrize("proof", [ProofSection(cosigns=("a+12345678+AAAA",)), ProofSection(witnesses=("a b c",))])
async def test_a_key_that_cannot_be_read_is_named(tmp_path: Path, proof: ProofSection) -> None:
    with pytest.RaisesGroup(ConfigurationError, allow_unwrapped=True, flatten_subgroups=True):
        async with served(tmp_path, proof):
            pass
