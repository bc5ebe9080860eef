from __future__ import annotations

import asyncio
import ipaddress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from moothall.adapters.webhooks.hook_client import LONGEST, HttpHooks

HERE = (ipaddress.ip_network("127.0.0.0/8"),)
SENT = {"webhook-id": "msg_1"}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://site.example/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://2130706433./",
        "https://\uff11\uff12\uff17.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "http://1.1.1.1/",
        "https://user:word@site.example/",
        "https://site.example:port/",
        "https://site.example/#part",
        "https://site.example/a b",
        "https://site.example/\u202e",
        "ftp://site.example/",
        "https://site.example/" + "x" * LONGEST,
    ],
)
def test_an_address_that_may_lead_inside_is_none(address: str) -> None:
    assert not HttpHooks().fits(address)


def test_an_address_that_leads_outside_is_one() -> None:
    for address in ("https://site.example/hook?key=1", "https://site.example:8443/", "https://1.1.1.1/"):
        assert HttpHooks().fits(address)


def test_a_network_of_the_settings_can_be_reached_and_by_http_its_addresses_alone() -> None:
    allowed = HttpHooks(HERE)
    assert allowed.fits("http://127.0.0.1:8000/hook")
    assert allowed.fits("https://127.0.0.1/hook")
    assert allowed.fits("https://intranet/hook")
    assert not allowed.fits("http://site.example/hook")
    assert not allowed.fits("http://10.0.0.1/hook")


async def test_a_name_that_leads_inside_is_not_followed() -> None:
    assert await HttpHooks().post("https://localhost.localdomain:9/", SENT, b"{}") == 0
    assert await HttpHooks().post("http://127.0.0.1:9/", SENT, b"{}") == 0


async def test_no_shape_of_this_machines_address_is_connected_to() -> None:
    """By the check of addresses, by the resolver's, or since the library takes it for no address."""
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for host in ("localhost.", "127.1", "0x7f.1", "0177.0.0.1", "2130706433.", "[::ffff:7f00:1]", "127\u30021"):
            assert await HttpHooks().post(f"https://{host}:{port}/", SENT, b"{}") == 0
    assert came == []


async def test_a_message_arrives_whole_and_redirects_are_not_followed() -> None:
    got: list[tuple[str, str, str, bytes]] = []

    async def take(request: web.Request) -> web.Response:
        headers = request.headers
        got.append((request.path, headers["webhook-id"], headers["Content-Type"], await request.read()))
        if request.path == "/away":
            raise web.HTTPTemporaryRedirect("/hook")
        return web.Response(status=204)

    app = web.Application()
    app.add_routes([web.post("/{name}", take)])
    async with TestServer(app, host="127.0.0.1") as server:
        client = HttpHooks(HERE)
        assert await client.post(f"http://127.0.0.1:{server.port}/hook", SENT, b'{"a":1}') == 204
        assert await client.post(f"http://127.0.0.1:{server.port}/away", SENT, b"{}") == 307
        port = server.port
    assert got == [
        ("/hook", "msg_1", "application/json", b'{"a":1}'),
        ("/away", "msg_1", "application/json", b"{}"),
    ]
    assert await HttpHooks(HERE).post(f"http://127.0.0.1:{port}/hook", SENT, b"{}") == 0
