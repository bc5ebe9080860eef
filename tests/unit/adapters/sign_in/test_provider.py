"""Which answers of a provider are accepted, and of what size: served by a real one on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from moothall.adapters.sign_in.id_token import TokenRefused
from moothall.adapters.sign_in.provider import MOST_AT_ONCE, Client, Provider, ProviderDown, is_safe, new_client
from moothall.services.sessions.sign_in import Attempt
from moothall.testing.clock import ManualClock

SECRET = "a b"  # noqa: S105
ATTEMPT = Attempt(state="s", nonce="n", verifier="v", browser="b", to="", until=0)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Answers:
    """What the provider answers, by path; anything else as a good one."""

    def __init__(self) -> None:
        self.own: dict[str, Handler] = {}
        self.methods = ["client_secret_basic"]
        self.token_requests: list[tuple[str, dict[str, str]]] = []
        self.address = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.own:
            return await self.own[request.path](request)
        if request.path == "/token":
            form = {name: str(value) for name, value in (await request.post()).items()}
            self.token_requests.append((request.headers.get("Authorization", ""), form))
            return web.json_response({"id_token": "x.y.z"})
        if request.path == "/keys":
            return web.json_response({"keys": []})
        return web.json_response(self.metadata())

    def metadata(self, **more: object) -> dict[str, object]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize?tenant=1",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "token_endpoint_auth_methods_supported": self.methods,
            **more,
        }


@asynccontextmanager
async def asked(secret: str = SECRET) -> AsyncIterator[tuple[Answers, Provider, ManualClock]]:
    answers, clock = Answers(), ManualClock()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        answers.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        client = Client(issuer=answers.address, id="us", secret=secret, scopes=(), claim="groups", redirect="http://x/")
        assert "a b" not in repr(client)
        async with new_client() as http:
            yield answers, Provider(client, http, clock), clock
    finally:
        await runner.cleanup()


async def large(_: web.Request) -> web.Response:
    return web.Response(text=" " * 600_000, content_type="application/json")


async def elsewhere(_: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "https://evil.example/"})


async def no_json(_: web.Request) -> web.Response:
    return web.Response(text="<html>", content_type="application/json")


async def other_json(_: web.Request) -> web.Response:
    return web.json_response([])


async def deep_json(_: web.Request) -> web.Response:
    return web.Response(text='{"more":' + "[" * 20_000 + "]" * 20_000 + "}", content_type="application/json")


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
@pytest.mark.parametrize("own", [large, elsewhere, no_json, other_json, deep_json])
async def test_an_answer_that_is_of_no_use_is_the_providers_fault(path: str, own: Handler) -> None:
    async with asked() as (answers, provider, _):
        answers.own[path] = own
        with pytest.raises(ProviderDown):
            await provider.redeem("code", None, ATTEMPT)


async def test_its_addresses_have_to_be_safe() -> None:
    async with asked() as (answers, provider, _):

        async def unsafe(_: web.Request) -> web.Response:
            return web.json_response(answers.metadata(token_endpoint="http://login.example/token"))  # noqa: S106

        answers.own["/.well-known/openid-configuration"] = unsafe
        with pytest.raises(ProviderDown, match="not https"):
            await provider.authorization(ATTEMPT)
        del answers.own["/.well-known/openid-configuration"]
        address = await provider.authorization(ATTEMPT)
        assert address.startswith(f"{answers.address}/authorize?tenant=1&response_type=code&client_id=us&")


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://login.example/x", True),
        ("http://127.0.0.1:9/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:9/x", True),
        ("http://login.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("ftp://127.0.0.1", False),
        ("https:///x", False),
        ("/x", False),
        ("http://[", False),
        ("http://[::1]:9@", False),
    ],
)
def test_what_a_safe_address_is(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


async def test_a_client_says_its_secret_as_the_provider_wants_it() -> None:
    async with asked() as (answers, provider, clock):
        for methods in (["client_secret_basic", "client_secret_post"], ["client_secret_post"], ["private_key_jwt"]):
            answers.methods = methods
            with pytest.raises(TokenRefused):
                await provider.redeem("code", None, ATTEMPT)
            await clock.advance(3_600_001)
    async with asked(secret="") as (public, provider, _):
        with pytest.raises(TokenRefused):
            await provider.redeem("code", None, ATTEMPT)
    first, second, third = answers.token_requests
    assert first[0] == third[0] == "Basic dXM6YSti"
    assert "client_secret" not in first[1]
    assert (second[0], second[1]["client_id"], second[1]["client_secret"]) == ("", "us", "a b")
    ((authorization, form),) = public.token_requests
    assert (authorization, form["client_id"], form["code_verifier"]) == ("", "us", "v")
    assert "client_secret" not in form


async def test_so_many_may_ask_at_once_and_no_more() -> None:
    async with asked() as (answers, provider, _):
        go, come = asyncio.Event(), asyncio.Semaphore(0)

        async def wait(_: web.Request) -> web.Response:
            come.release()
            await go.wait()
            return web.json_response(answers.metadata())

        answers.own["/.well-known/openid-configuration"] = wait
        waiting = [asyncio.ensure_future(provider.authorization(ATTEMPT)) for _ in range(MOST_AT_ONCE)]
        for _ in waiting:
            await come.acquire()
        with pytest.raises(ProviderDown, match="at once"):
            await provider.authorization(ATTEMPT)
        go.set()
        assert len(set(await asyncio.gather(*waiting))) == 1
        assert await provider.authorization(ATTEMPT)


async def test_a_provider_that_is_not_there_is_down() -> None:
    async with asked() as (answers, provider, _):
        address = answers.address
    async with new_client() as http:
        client = Client(issuer=address, id="us", secret="", scopes=(), claim="groups", redirect="http://x/")
        gone = Provider(client, http, ManualClock())
        with pytest.raises(ProviderDown):
            await gone.authorization(ATTEMPT)
    assert provider.client.issuer == address
