"""Connections to Redis and Valkey: with a password, a user, over TLS; and failing ones."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from pathlib import Path

import pytest

from moothall.adapters.cluster.address import RedisAddress, parsed
from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.erasing import FileErasure
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.cluster.redis_facts import checked
from moothall.adapters.cluster.scripts import LuaScript
from moothall.adapters.cluster.server import RedisServer
from moothall.adapters.system.clock import SystemClock
from moothall.core.events import types as ev
from moothall.core.kernel.errors import OutcomeUnknown, StorageUnavailable
from moothall.core.ports import BookEntry
from support.cluster.answers import answers_of
from support.cluster.process import PROGRAMS, Opened, RedisProcess, RedisProcesses, patient, running
from support.links.certificate import make_certificate
from support.sessions.recorder import EPOCH, SESSION, Recorder

ROOT = Path(__file__).resolve().parents[4]
PAUSED = ev.SessionPaused(t=1)
REMOVED = ev.BodyRemoved(offsets=(2,), reason="request", by="staff-1")

RHUBARB = "rhubarb and custard"


@pytest.fixture(params=PROGRAMS)
def process(request: pytest.FixtureRequest, redis_processes: RedisProcesses) -> RedisProcess:
    return redis_processes.empty(request.param)


async def refusal(server: RedisServer) -> str:
    """With what an acquisition is refused of which nothing was sent."""
    with pytest.raises(StorageUnavailable) as refused:
        await RedisLog(server, "node-a").acquire(SESSION, EPOCH)
    assert not isinstance(refused.value, OutcomeUnknown)
    assert RHUBARB not in repr(refused.value)
    return str(refused.value)


async def test_a_password_and_a_user_are_asked_for_and_wrong_ones_refused(tmp_path: Path, opened: Opened) -> None:
    secret, mistaken = tmp_path / "password", tmp_path / "mistaken"
    secret.write_text(f"{RHUBARB}\n")
    for program in PROGRAMS:
        acl = ("--user", "default", "off", "--user", "hall", "on", f">{RHUBARB}", "~moothall:*", "+@all", "-@dangerous")
        with running(program, tmp_path, *acl) as process:
            there = parsed(f"redis://hall@127.0.0.1:{process.port}/2", password_file=secret)
            assert RHUBARB not in repr(there)
            right = opened.server(patient(there))
            assert (await RedisLog(right, "node-a").acquire(SESSION, EPOCH)).term == 1
            with pytest.raises(StorageUnavailable, match="doesn't permit"):
                await right.write("CONFIG", "SET", "appendonly", "no")
            with pytest.raises(StorageUnavailable, match="doesn't permit"):
                await right.write("SET", "elsewhere", "x")
            for user in ("", "hall"):
                without = RedisAddress("127.0.0.1", process.port, user=user)
                assert "password" in await refusal(opened.server(patient(without)))
            mistaken.write_text("custard")
            wrong = parsed(f"redis://hall@127.0.0.1:{process.port}", password_file=mistaken)
            assert "refuses the user or the password" in await refusal(opened.server(patient(wrong)))


async def test_the_user_of_the_reference_may_do_all_that_is_done_and_no_more(tmp_path: Path, opened: Opened) -> None:
    written = (ROOT / "docs/reference/redis.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^user (moothall on >PASSWORD .*)$", written, re.MULTILINE)
    (tmp_path / "password").write_text("PASSWORD")
    for program in PROGRAMS:
        with running(program, tmp_path, "--user", *line.split()) as process:
            url = f"redis://moothall@127.0.0.1:{process.port}"
            server = opened.server(patient(parsed(url, password_file=tmp_path / "password")))
            log, book = RedisLog(server, "node-a"), RedisBook(server, "node-a")
            recorder = Recorder()
            await log.acquire(SESSION, EPOCH)
            await log.append(SESSION, 1, 0, [recorder.record(PAUSED) for _ in range(3)])
            await log.remove(SESSION, 1, 3, [2], [recorder.record(REMOVED)])
            assert len(await log.caused("mand-1")) == 1
            await log.trim(SESSION, 1, 4, 2)
            assert len(await log.read(SESSION, 2, 9)) == 2
            await book.acquire()
            await book.write([BookEntry("room", "a", b"1"), BookEntry("room", "b", b"2")])
            await book.write([BookEntry("room", "a", None)])
            assert await book.changes(0, 9) is not None
            assert (await checked(server, 1)).syncs == "always"
            await FileErasure(server, SystemClock()).erase()
            await log.forget(SESSION)
            for command in (("FLUSHALL",), ("SET", "elsewhere", "x"), ("MONITOR",), ("CONFIG", "SET", "save", "")):
                with pytest.raises(StorageUnavailable, match="doesn't permit"):
                    await server.write(*command)


async def test_over_tls_a_certificate_is_looked_at(tmp_path: Path, opened: Opened) -> None:
    certificate, key = make_certificate(tmp_path)
    other, _ = make_certificate(tmp_path, "other")
    options = ("--tls-port", "0", "--tls-auth-clients", "no", "--tls-cert-file", str(certificate))
    for program in PROGRAMS:
        with running(program, tmp_path, *options, "--tls-key-file", str(key)) as process:
            process.ask("CONFIG", "SET", "tls-ca-cert-file", str(certificate))
            port = process.port + 1
            process.ask("CONFIG", "SET", "tls-port", port)
            there = parsed(f"rediss://127.0.0.1:{port}", authorities=certificate)
            assert (await RedisLog(opened.server(patient(there)), "node-a").acquire(SESSION, EPOCH)).term == 1
            for wrong in (
                parsed(f"rediss://127.0.0.1:{port}", authorities=other),
                parsed(f"rediss://127.0.0.1:{port}"),
                parsed(f"rediss://127.0.0.1:{process.port}", authorities=certificate),
            ):
                assert "can't be reached" in await refusal(opened.server(RedisServer(wrong)))


async def test_a_server_that_is_away_is_refused_unsent(opened: Opened, process: RedisProcess) -> None:
    said = await refusal(opened.server(RedisServer(RedisAddress("127.0.0.1", 1))))
    assert "127.0.0.1:1 can't be reached" in said
    process.freeze()
    try:
        assert "took too long" in await refusal(opened.server(process.reached(connect_s=0.2)))
    finally:
        process.thaw()


async def test_more_acts_than_may_wait_are_refused(opened: Opened, process: RedisProcess) -> None:
    server = opened.server(process.reached(connections=2, waiting=5))
    answers = await asyncio.gather(*(server.read("PING") for _ in range(7)), return_exceptions=True)
    assert answers[:5] == [b"PONG"] * 5
    assert ["can't keep up" in str(answer) for answer in answers[5:]] == [True, True]
    assert process.ask("CLIENT", "LIST").count(b"name=moothall") >= 2


async def test_an_act_that_is_cancelled_leaves_no_answer_for_the_next(opened: Opened, process: RedisProcess) -> None:
    async with answers_of(process.port) as proxy:
        server = opened.server(patient(RedisAddress("127.0.0.1", proxy.port), connections=1))
        assert await server.read("ECHO", "one") == b"one"
        proxy.kept_back = True
        proxy.answered.clear()
        late = asyncio.ensure_future(server.read("ECHO", "two"))
        await proxy.answered.wait()
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        proxy.kept_back = False
        assert await server.read("ECHO", "three") == b"three"


async def test_once_closed_it_refuses(opened: Opened, process: RedisProcess) -> None:
    server = process.reached()
    await server.read("PING")
    await server.close()
    await server.close()
    with pytest.raises(StorageUnavailable, match="are closed"):
        await server.read("PING")


async def test_an_error_that_nothing_was_prepared_for_says_where_and_not_what(
    opened: Opened, process: RedisProcess
) -> None:
    server = opened.server(process.reached())
    broken = LuaScript(f"#!lua\nreturn redis.call('HGET', KEYS[1], '{RHUBARB}')\n")
    process.ask("SET", "text", "x")
    with pytest.raises(OutcomeUnknown, match="WRONGTYPE") as unknown:
        await server.run(broken, ["text"])
    assert RHUBARB not in str(unknown.value)
    with pytest.raises(StorageUnavailable) as refused:
        await server.run(dataclasses.replace(broken, writes=False), ["text"])
    assert not isinstance(refused.value, OutcomeUnknown)
