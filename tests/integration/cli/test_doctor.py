"""`moothall doctor` and `moothall status`, with a running server and without."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from contextlib import chdir
from pathlib import Path

import aiohttp
import msgspec
import pytest

from moothall.adapters.operation.outside_facts import certificate_facts, off_ms, reach_facts
from moothall.adapters.operation.probe_door import MOST_PASSES, PATH
from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import hall
from moothall.cli.doctor import examine, trial
from moothall.cli.main import main
from moothall.cli.operating import require_running
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.operation.findings import Verdict
from moothall.services.operation.outside_checks import CLAIMED
from moothall.settings.sections import Cluster, EngineSection, Server, Settings, Translation
from moothall.wire.trial import TrialOrder
from support.cluster.process import RedisProcesses
from support.halls.process import free_port
from support.links.certificate import make_certificate


def house(data: Path, port: int = 0, **server: object) -> Settings:
    made = Server(port=port, data=str(data), **server)  # type: ignore[arg-type]
    return Settings(server=made, engine=EngineSection(count=0), translation=Translation(translators=()))


async def test_a_server_looks_at_itself_by_its_public_address(tmp_path: Path) -> None:
    port = free_port(420)
    settings = house(tmp_path / "data", port, public_address=f"http://127.0.0.1:{port}")
    async with hall(settings):
        found = {each.topic: each for each in await examine(settings, quick=True)}
        reached = [found[topic].verdict for topic in ("Public address", "Origin", "Streams", "WebSockets")]
        assert reached == [Verdict.FINE] * 4, found
        assert "held by the server" in found["Port for pages"].sentence
        assert found["Certificate"].verdict is Verdict.UNSEEN
        assert found["Visitors' addresses"].verdict is Verdict.FINE


async def test_open_files_are_those_of_the_server_that_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (away := tmp_path / "away").mkdir()
    settings = house(data, removals=str(away / "removals.jsonl"))
    async with hall(settings):
        told = (await (await require_running(data)).status()).open_files
        found = {each.topic: each for each in await examine(settings, quick=True)}
        assert found["Open files"].sentence.startswith(f"{told}, of the running server: ")
        assert found["List of removals"].verdict is Verdict.FINE
        shutil.rmtree(away)  # Its disk goes.
        found = {each.topic: each for each in await examine(settings, quick=True)}
        assert found["List of removals"].verdict is Verdict.MEND
    found = {each.topic: each for each in await examine(settings, quick=True)}
    assert "of this shell" in found["Open files"].sentence


@pytest.mark.parametrize(("hidden", "verdict"), [("none", "fine "), ("opentelemetry.sdk", "mend ")])
async def test_a_release_without_what_traces_need_is_found_before_it_serves(
    tmp_path: Path, hidden: str, verdict: str
) -> None:
    program = f"import sys; sys.modules[{hidden!r}] = None; from moothall.cli.main import main; main(sys.argv[1:])"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, "doctor", "--quick", "--data", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "MOOTHALL_TRACING__ENDPOINT": "http://127.0.0.1:4318"},
    )
    said, _ = await process.communicate()
    (line,) = [each for each in said.decode().splitlines() if "Traces: " in each]
    assert line.startswith(verdict)


async def test_what_a_visitor_claims_is_seen_and_passes_are_few(tmp_path: Path) -> None:
    port, clock = free_port(421), SystemClock()
    public = f"http://127.0.0.1:{port}"
    async with hall(house(tmp_path / "data", port, public_address=public)):
        caller = await require_running(tmp_path / "data")
        first = await caller.new_probe()
        facts = await reach_facts(public, first, clock, proxied=True)
        assert facts.seen is not None
        assert (facts.seen.peer, facts.seen.last, facts.seen.trusted) == ("127.0.0.1", CLAIMED, False)
        assert await off_ms(public, clock) == 0
        for _ in range(MOST_PASSES):
            await caller.new_probe()
        assert (await reach_facts(public, first, clock, proxied=True)).status == 404
        async with aiohttp.ClientSession() as http:
            for path in ("x", "x/stream", "x/socket"):
                async with http.get(f"{public}{PATH}/{path}") as answer:
                    assert answer.status == 404
    gone = await reach_facts(public, first, clock, proxied=True)
    assert gone.error
    assert await off_ms(public, clock) is None


async def test_a_certificate_that_signs_itself_is_not_believed(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    settings = house(tmp_path / "data", tls_certificate=str(certificate), tls_key=str(key))
    async with hall(settings) as running:
        facts = await certificate_facts(running.address, SystemClock())
        assert facts is not None
        assert facts.names == ("127.0.0.1",)
        assert facts.matches
        assert "self" in facts.error
        assert facts.ends_s > 300 * 86_400
    gone = await certificate_facts(running.address, SystemClock())
    assert gone is not None
    assert gone.away
    assert await certificate_facts("http://127.0.0.1", SystemClock()) is None


async def test_the_status_of_a_server_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    async with hall(house(data)) as running:
        assert await asyncio.to_thread(main, ["status", "--data", str(data)]) == 0
        assert "No session is on." in capsys.readouterr().out
        assert await asyncio.to_thread(main, ["status", "--json", "--data", str(data)]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["address"] == running.address
        assert said["sessions"] == []
        assert said["disk_free"] > 0
    assert await asyncio.to_thread(main, ["status", "--data", str(data)]) == 1
    assert "No server runs with the data folder" in capsys.readouterr().err
    with chdir(tmp_path):
        assert await asyncio.to_thread(main, ["status"]) == 1
    assert f"No server runs with the data folder {data}. " in capsys.readouterr().err
    with pytest.raises(ConfigurationError):
        await require_running(data)


def test_the_page_for_the_colleague_holds_no_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--quick", "--print", "--data", str(tmp_path / "data")]) in (0, 1)
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert main(["doctor", "--quick", "--data", str(tmp_path / "data")]) in (0, 1)
    assert "Disk room: " in capsys.readouterr().out


async def test_a_node_s_redis_is_looked_at(tmp_path: Path, redis_processes: RedisProcesses) -> None:
    port = redis_processes.empty("valkey").port
    for name, verdict in ((f"redis://127.0.0.1:{port}", Verdict.FINE), ("redis://127.0.0.1:1", Verdict.MEND)):
        settings = msgspec.structs.replace(house(tmp_path / "data"), cluster=Cluster(redis=name))
        found = {each.topic: each for each in await examine(settings, quick=True)}
        assert found["Redis"].verdict is verdict, found["Redis"]
    settings = msgspec.structs.replace(settings, cluster=Cluster(redis="redis://:secret@127.0.0.1"))
    found = {each.topic: each for each in await examine(settings, quick=True)}
    assert "holds a password" in found["Redis"].sentence
    assert "secret" not in found["Redis"].sentence


async def test_a_model_that_breaks_its_process_down_is_a_sentence() -> None:
    program = (sys.executable, "-c", "import os; os.abort()")
    tried = await trial(TrialOrder(model="whisper-base"), program)
    assert tried.model is not None
    assert "broke down (status -6)" in tried.model.trouble
