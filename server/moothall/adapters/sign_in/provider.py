"""The provider of accounts, requested over https: its endpoints (discovery), its keys, and the exchange of codes.

Its answers are limited in size and time, redirects are not followed, and nothing of the answers is logged.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

import aiohttp
import msgspec
from yarl import URL

from moothall.adapters.sign_in.id_token import Claims, ExpectedClaims, TokenRefused, UnknownKey, read_id_token
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.ports import Clock
from moothall.services.sessions.sign_in import Attempt
from moothall.wire.token_bucket import Allowance, Bucket

PATIENCE_S = 10.0
MOST_BYTES = 512 << 10
MOST_AT_ONCE = 16
"""The most requests to the provider at once, including requests that wait. Overflow: the provider counts as
unreachable.
"""
FRESH_MS = 3_600_000
"""How many ms endpoints and keys are cached."""
NEW_KEYS = Allowance(per_second=1, burst=3)
"""How often a token with an unknown key may cause a request for new keys. The bucket's second is a minute here: one
request a minute, at most three at once.
"""
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts for which http is accepted: nobody can listen on the way to them."""

T = TypeVar("T")


class ProviderDown(Exception):
    """The provider can't be reached, or its answer can't be used. The message says what is wrong, for the log."""


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False

    def check(self, issuer: str) -> None:
        """Raises ProviderDown for another issuer, and for addresses that are not safe."""
        if self.issuer != issuer:
            raise ProviderDown("it calls itself by another issuer than the setting")
        for each in (self.authorization_endpoint, self.token_endpoint, self.jwks_uri):
            if not is_safe(each):
                raise ProviderDown("it names an address that is not https")


class _Keys(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, Any], ...]


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Moothall's registration as a client of the provider."""

    issuer: str
    id: str
    secret: str
    """Empty for a client without a secret, which only PKCE protects."""
    scopes: tuple[str, ...]
    claim: str
    redirect: str
    """The address to which the provider sends browsers back."""

    def __repr__(self) -> str:
        return f"Client({self.issuer})"


@dataclass(eq=False, repr=False)
class Provider:
    """Makes requests to the provider. `http` is a client for this alone, which keeps no cookies."""

    client: Client
    http: aiohttp.ClientSession
    clock: Clock

    def __post_init__(self) -> None:
        self._metadata: _Metadata | None = None
        self._keys: tuple[dict[str, Any], ...] | None = None
        self._metadata_at = self._keys_at = 0
        self._new_keys = Bucket.full(NEW_KEYS, self.clock.monotonic() // 60)
        self._asking = 0

    async def authorization(self, attempt: Attempt) -> str:
        """The address to which a browser is redirected to sign in. Raises ProviderDown."""
        metadata = await self._found()
        query = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": self.client.redirect,
            "scope": " ".join(dict.fromkeys(("openid", *self.client.scopes))),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        between = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{between}{urlencode(query)}"

    async def redeem(self, code: str, issuer: str | None, attempt: Attempt) -> Claims:
        """Exchange a code for the claims of the provider. `issuer`: the issuer that the redirect names (RFC 9207); None
        for none.

        Raises ProviderDown and TokenRefused.
        """
        metadata = await self._found()
        if issuer is None and metadata.authorization_response_iss_parameter_supported:
            raise TokenRefused("the answer doesn't say whose it is")
        if issuer is not None and issuer != self.client.issuer:
            raise TokenRefused("the answer is another provider's")
        token = await self._exchange(metadata, code, attempt)
        try:
            return self._read(token, await self._known_keys(metadata), attempt)
        except UnknownKey:
            self._new_keys, wait = self._new_keys.take(NEW_KEYS, self.clock.monotonic() // 60)
            if wait:
                raise
            return self._read(token, await self._known_keys(metadata, again=True), attempt)

    def _read(self, token: str, keys: tuple[dict[str, Any], ...], attempt: Attempt) -> Claims:
        wanted = ExpectedClaims(
            issuer=self.client.issuer, client=self.client.id, nonce=attempt.nonce, now_s=self.clock.wall() / 1000
        )
        return read_id_token(token, keys, wanted, self.client.claim)

    async def _exchange(self, metadata: _Metadata, code: str, attempt: Attempt) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect,
            "code_verifier": attempt.verifier,
        }
        headers: dict[str, str] = {}
        methods = metadata.token_endpoint_auth_methods_supported
        if not self.client.secret:
            form["client_id"] = self.client.id
        elif "client_secret_basic" in methods or "client_secret_post" not in methods:
            pair = f"{quote_plus(self.client.id)}:{quote_plus(self.client.secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.client.id, "client_secret": self.client.secret}
        async with (
            self._asked(),
            self.http.post(metadata.token_endpoint, data=form, headers=headers, allow_redirects=False) as answer,
        ):
            if 400 <= answer.status < 500:
                raise TokenRefused(f"the provider refused the code with status {answer.status}")
            return (await self._body(answer, _Tokens)).id_token

    async def _found(self) -> _Metadata:
        now = self.clock.monotonic()
        if self._metadata is None or now - self._metadata_at > FRESH_MS:
            address = f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = await self._get(address, _Metadata)
            found.check(self.client.issuer)
            self._metadata, self._metadata_at = found, now
        return self._metadata

    async def _known_keys(self, metadata: _Metadata, *, again: bool = False) -> tuple[dict[str, Any], ...]:
        now = self.clock.monotonic()
        if self._keys is None or again or now - self._keys_at > FRESH_MS:
            self._keys, self._keys_at = (await self._get(metadata.jwks_uri, _Keys)).keys, now
        return self._keys

    async def _get(self, address: str, kind: type[T]) -> T:
        async with self._asked(), self.http.get(address, allow_redirects=False) as answer:
            return await self._body(answer, kind)

    async def _body(self, answer: aiohttp.ClientResponse, kind: type[T]) -> T:
        if answer.status != 200:
            raise ProviderDown(f"it answered with status {answer.status}")
        body = bytearray()
        async for chunk in answer.content.iter_chunked(16 << 10):
            body += chunk
            if len(body) > MOST_BYTES:
                raise ProviderDown(f"it answered with more than {MOST_BYTES} bytes")
        return _read_answer(bytes(body), kind)

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[None]:
        if self._asking >= MOST_AT_ONCE:
            raise ProviderDown("too many sign in at once")
        self._asking += 1
        try:
            yield
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ProviderDown(type(error).__name__) from error
        finally:
            self._asking -= 1


def _read_answer(body: bytes, kind: type[T]) -> T:
    try:
        return read_json(body, kind)
    except Unreadable as error:
        raise ProviderDown("its answer is not what the standard says") from error


def is_safe(address: str) -> bool:
    """Whether requests to an address can't be read on the way: https, or this machine."""
    try:
        url = URL(address)
    except (ValueError, IndexError):  # IndexError: yarl 1.25 on a user without a host, such as http://[::1]@
        return False
    return bool(url.host) and (url.scheme == "https" or (url.scheme == "http" and url.host in LOCAL))


def new_client() -> aiohttp.ClientSession:
    """Make the HTTP client of a `Provider`."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S), cookie_jar=aiohttp.DummyCookieJar())
