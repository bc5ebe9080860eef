"""`moothall reload`: which settings apply at once, which need a restart, and the errors of new settings."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from moothall.app.hall import RunningServer, hall
from moothall.cli.main import main
from moothall.settings.loading import load
from moothall.settings.sections import Settings
from support.links.certificate import make_certificate

SECRET = "x" * 24


@asynccontextmanager
async def house(folder: Path, text: str) -> AsyncIterator[RunningServer]:
    """A server whose settings are those of a file in the folder."""
    config = folder / "settings.toml"
    config.write_text(text, encoding="utf-8")

    def read() -> Settings:
        return load(config, {"MOOTHALL_SERVER__DATA": str(folder / "data"), "MOOTHALL_ENGINE__COUNT": "0"})

    async with hall(read(), read=read) as running:
        yield running


async def reload(folder: Path) -> int:
    return await asyncio.to_thread(main, ["reload", "--data", str(folder / "data")])


NO_TRANSLATORS = "[translation]\ntranslators = []\n"


async def test_what_counts_at_once_and_what_takes_a_restart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    level = logging.getLogger().level
    try:
        async with house(tmp_path, "[server]\nport = 0\n" + NO_TRANSLATORS) as running:
            asking = running.backend.asking
            assert await reload(tmp_path) == 0
            assert capsys.readouterr().out == "Read again. Changed: no setting.\n"
            (tmp_path / "settings.toml").write_text(
                '[server]\nport = 1\nmax_readers = 7\n[conference]\nblocked_words = ["darn"]\n'
                '[logging]\nlevel = "error"\n' + NO_TRANSLATORS,
                encoding="utf-8",
            )
            assert await reload(tmp_path) == 0
            assert capsys.readouterr().out == (
                "Read again. Changed: max_readers of [server], blocked_words of [conference], level of [logging].\n"
                "A change of port of [server] takes a restart.\n"
            )
            assert asking._blocked.flags("en", "Darn it.")
            assert logging.getLogger().level == logging.ERROR
            # Until the restart it is said again.
            assert await reload(tmp_path) == 0
            assert capsys.readouterr().out == (
                "Read again. Nothing changes at once.\nA change of port of [server] takes a restart.\n"
            )
    finally:
        logging.getLogger().setLevel(level)


async def test_wrong_settings_leave_all_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    level = logging.getLogger().level
    async with house(tmp_path, "[server]\nport = 0\n" + NO_TRANSLATORS) as running:
        for wrong, words in (
            ('[logging]\nlevel = "loud"\n', "level of [logging] is 'loud'"),
            ('[logging]\nlevel = "error"\n[engine]\ntokens = "/no/such/file"\n', "/no/such/file can't be read"),
            ('[logging]\nlevel = "error"\n[conference]\nglossaries = "/no/such"\n', "/no/such can't be read"),
            ('[logging]\nlevel = "error"\n[conference]\nword_lists = "/no/such"\n', "/no/such can't be read"),
            # What a restart would meet:
            ('[engine]\nkey_file = "/no/such"\n', "`key_file` of [engine] names it"),
            ('[sign_in]\nclient_secret_file = "/no/such"\n', "`client_secret_file` of [sign_in] names it"),
            ('[cluster]\npassword_file = "/no/such"\n', "`password_file` of [cluster] names it"),
            ('[conference]\nplaces = "/no/such"\n', "/no/such can't be read"),
            ('web = "/no/such"\n', "`web` of [server] names it"),
            ('tls_certificate = "/no/such"\ntls_key = "/no/such"\n', "/no/such can't be read"),
        ):
            (tmp_path / "settings.toml").write_text("[server]\nport = 0\n" + wrong + NO_TRANSLATORS, encoding="utf-8")
            assert await reload(tmp_path) == 1
            assert words in capsys.readouterr().err
            assert logging.getLogger().level == level
        await running.reloading.reload_or_log()
        assert "`moothall reload` says what is wrong" in caplog.text
        assert "/no/such" not in caplog.text


async def test_from_http_to_https_leads_a_restart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate, key = make_certificate(tmp_path)
    text = "[server]\nport = 0\n{}" + NO_TRANSLATORS
    async with house(tmp_path, text.format("")) as running, aiohttp.ClientSession() as http:
        named = f'tls_certificate = "{certificate}"\ntls_key = "{key}"\n'
        (tmp_path / "settings.toml").write_text(text.format(named), encoding="utf-8")
        for _ in range(2):
            assert await reload(tmp_path) == 0
            assert capsys.readouterr().out == (
                "Read again. Nothing changes at once.\nA change of tls_certificate of [server] takes a restart.\n"
                "A change of tls_key of [server] takes a restart.\n"
            )
        async with http.get(f"{running.address}/healthz") as answer:
            assert answer.status == 200


async def test_a_renewed_certificate_is_shown_to_whoever_connects_next(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    text = f'[server]\nport = 0\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n' + NO_TRANSLATORS
    async with house(tmp_path, text) as running:
        shown = await presented(running.address)
        assert await presented(running.address) == shown
        other, other_key = make_certificate(tmp_path, "renewed")
        certificate.write_bytes(other.read_bytes())
        assert await reload(tmp_path) == 1  # The key doesn't belong to it: all stays as it was.
        assert await presented(running.address) == shown
        key.write_bytes(other_key.read_bytes())
        assert await reload(tmp_path) == 0
        assert await presented(running.address) != shown


async def presented(address: str) -> bytes:
    """The certificate that a server shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, _, port = address.removeprefix("https://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return shown


async def test_an_engine_whose_token_is_gone_is_cut_off_and_kept_out(tmp_path: Path, unused_tcp_port: int) -> None:
    tokens, port = tmp_path / "tokens", unused_tcp_port
    tokens.write_text(f"big {SECRET} recognise\n", encoding="utf-8")
    text = f'[server]\nport = 0\n[engine]\nlisten_port = {port}\ntokens = "{tokens}"\n' + NO_TRANSLATORS
    url, headers = f"ws://127.0.0.1:{port}/", {"Authorization": f"Bearer {SECRET}"}
    async with house(tmp_path, text):
        async with connect(url, additional_headers=headers, compression=None) as link:
            assert await reload(tmp_path) == 0
            await (await link.ping())  # It is still there.
            tokens.write_text("", encoding="utf-8")
            assert await reload(tmp_path) == 0
            with pytest.raises(ConnectionClosed):
                await link.recv()
        with pytest.raises(InvalidStatus):
            await connect(url, additional_headers=headers)


async def test_metrics_tell_the_limits_that_count_now(tmp_path: Path) -> None:
    server, rest = "[server]\nport = 0\n", "[metrics]\nport = 0\n" + NO_TRANSLATORS
    async with house(tmp_path, server + rest) as running, aiohttp.ClientSession() as http:

        async def limits() -> tuple[float, float]:
            async with http.get(f"http://127.0.0.1:{running.metrics_port}/metrics") as answer:
                found = dict(re.findall(r"^moothall_(\w+)_limit (\S+)$", await answer.text(), re.MULTILINE))
            return float(found["readers"]), float(found["connections"])

        before = await limits()
        (tmp_path / "settings.toml").write_text(f"{server}max_readers = 7\n{rest}", encoding="utf-8")
        assert await reload(tmp_path) == 0
        after = await limits()
        assert (before > after, after[0]) == (True, 7)
