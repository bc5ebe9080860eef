"""A real OpenID Connect provider on a port of its own, which tests can make answer wrongly."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote_plus, urlencode

from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT, SECRET = "moothall at the ministry", "s3cret: & more"
MAIL, NAME = "ana.silva@ministry.example", "Ana Silva"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Change = Callable[[dict[str, Any]], object]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def new_rsa(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def usual_rsa() -> rsa.RSAPrivateKey:
    """Return the default key of all providers: making a key takes 0.1 s."""
    return new_rsa()


def public_pem(key: Key) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def jwk(key: Key, kid: str | None, **more: str) -> dict[str, Any]:
    name = {} if kid is None else {"kid": kid}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "n": number(numbers.n), "e": number(numbers.e), **name, **more}
    point = key.public_key().public_numbers()
    x, y = (b64(each.to_bytes(32, "big")) for each in (point.x, point.y))
    return {"kty": "EC", "use": "sig", "crv": "P-256", "x": x, "y": y, **name, **more}


def signed(claims: dict[str, Any], key: Key | bytes | None, **header: Any) -> str:
    """Return a token that is signed by a private key, by HMAC with a secret, or not at all;
    `header` may claim anything.
    """
    said = f"{b64(json.dumps({'typ': 'JWT', **header}).encode())}.{b64(json.dumps(claims).encode())}"
    if key is None:
        return f"{said}."
    if isinstance(key, bytes):
        return f"{said}.{b64(hmac.digest(key, said.encode(), hashlib.sha256))}"
    if isinstance(key, rsa.RSAPrivateKey):
        return f"{said}.{b64(key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
    r, s = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{said}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@dataclass
class Asked:
    """Parameters of a browser's request."""

    nonce: str
    challenge: str
    redirect: str


@dataclass
class TestProvider:
    """The provider. `wrong` changes claims, `forge` makes the token in another way."""

    __test__ = False
    issuer: str = ""
    key: Key = field(default_factory=usual_rsa)
    kid: str = "k1"
    groups: list[str] = field(default_factory=lambda: ["mh-office"])
    subject: str = "248289761001"
    wrong: Change | None = None
    forge: Callable[[TestProvider, dict[str, Any]], str] | None = None
    named_issuer: str = ""
    """The issuer in its metadata; empty for its own."""
    down: bool = False
    keys_asked: int = 0
    tokens: list[str] = field(default_factory=list)
    codes: dict[str, Asked] = field(default_factory=dict)
    redirects: frozenset[str] = frozenset()
    """Redirect addresses that it accepts; empty for any."""

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._down])
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._metadata),
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
                web.get("/keys", self._keys),
            ]
        )
        return app

    @web.middleware
    async def _down(self, request: web.Request, handler: Any) -> web.StreamResponse:
        return web.Response(status=502, text="down") if self.down else await handler(request)

    async def _metadata(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.named_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        """Sign in every visitor at once, as with single sign-on."""
        query = request.query
        assert (query["client_id"], query["response_type"], query["scope"]) == (CLIENT, "code", "openid groups")
        assert query["code_challenge_method"] == "S256"
        if self.redirects and query["redirect_uri"] not in self.redirects:
            return web.Response(status=400, text="That redirect_uri is not registered.")
        code = secrets.token_urlsafe(24)
        self.codes[code] = Asked(query["nonce"], query["code_challenge"], query["redirect_uri"])
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(back)}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        if tuple(map(unquote_plus, pair.split(":"))) != (CLIENT, SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        asked = self.codes.pop(str(form["code"]), None)
        verifier = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        if asked is None or b64(verifier) != asked.challenge or form["redirect_uri"] != asked.redirect:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = self.token(asked.nonce)
        self.tokens.append(token)
        return web.json_response({"token_type": "Bearer", "access_token": secrets.token_urlsafe(), "id_token": token})

    def token(self, nonce: str) -> str:
        now = int(time.time())  # noqa: TID251
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            "groups": self.groups,
            "email": MAIL,
            "name": NAME,
        }
        if self.wrong is not None:
            self.wrong(claims)
        if self.forge is not None:
            return self.forge(self, claims)
        return signed(
            claims, self.key, alg="RS256" if isinstance(self.key, rsa.RSAPrivateKey) else "ES256", kid=self.kid
        )

    async def _keys(self, _: web.Request) -> web.Response:
        self.keys_asked += 1
        return web.json_response({"keys": [jwk(self.key, self.kid)]})


@asynccontextmanager
async def provider() -> AsyncIterator[TestProvider]:
    """Run the provider."""
    made = TestProvider()
    runner = web.AppRunner(made.application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()
