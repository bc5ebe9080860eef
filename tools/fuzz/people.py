"""Targets for the input of staff and visitors: the microphone's messages, the desks' payloads, forms, pairing, the
cookie, headers, and what a provider of accounts answers: its own description, its keys, and ID tokens.
"""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec
from aiohttp.test_utils import make_mocked_request
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from multidict import CIMultiDict

from fuzz.target import Target
from moothall.adapters.desks import desk_socket
from moothall.adapters.http.forwarded import trusted_networks, visitor_address
from moothall.adapters.http.visitor_cookie import Visitors
from moothall.adapters.hubs.machine_pairing import _Machine as Machine
from moothall.adapters.pages.visitor_request import clean
from moothall.adapters.reading.reports_door import _known as known_reports
from moothall.adapters.sign_in import provider
from moothall.adapters.sign_in.id_token import ExpectedClaims, TokenRefused, read_id_token
from moothall.adapters.store.signing import verifier
from moothall.core.commands import AnyCommand
from moothall.core.kernel.decoding import Unreadable, read, read_json
from moothall.core.kernel.errors import ConfigurationError, ProtocolError
from moothall.core.kernel.ids import SessionId, is_name
from moothall.services.desks.requests import DeskRequest
from moothall.wire import audio
from moothall.wire.hubs.pairing import secret_of, words_of
from moothall_hub.pairing.pairing import _Answer as PairingAnswer
from moothall_hub.pairing.pairing import address_of

DESK_KINDS = (
    desk_socket._Join,  # private, since the target is the door's own parsing
    desk_socket._Act,
    desk_socket._Undo,
    desk_socket._Name,
    DeskRequest,
)
COMMANDS: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
FORWARDED = visitor_address(trusted_networks(["127.0.0.1", "::1", "10.0.0.0/8"]))


class _Clock:
    """A clock that stands still."""

    def wall(self) -> int:
        return 1_764_000_000_000

    def monotonic(self) -> int:
        return 0

    async def sleep(self, ms: int) -> None:
        await asyncio.sleep(0)


class _NoChance:
    """A source of randomness that gives zeros only."""

    def bytes(self, count: int) -> bytes:
        return bytes(count)


VISITORS = Visitors(bytes(32), _Clock(), _NoChance())


def microphone(data: bytes) -> None:
    """Try a microphone's message; the first byte says whether it is a text or samples."""
    if data[:1] < b"\x80":
        audio.decode(data[1:].decode("utf-8", "replace"))
        return
    piece = audio.decode_piece(data[1:])
    if audio.decode_piece(audio.encode_piece(piece)) != piece:
        raise AssertionError("A piece of sound is read as another one.")


def desk(data: bytes) -> None:
    """Try a desk's message, from JSON to the value that its handler receives; the first byte says which message."""
    kind = DESK_KINDS[data[0] % len(DESK_KINDS)] if data else DeskRequest
    value = read_json(data[1:], dict)
    msgspec.convert(value, kind)


def command(data: bytes) -> None:
    """Check that a command is written as it was read."""
    given = read(COMMANDS, data)
    if read(COMMANDS, msgspec.json.encode(given)) != given:
        raise AssertionError("A command is read otherwise once more.")


def pairing(data: bytes) -> None:
    """Try both sides of a pairing: words and addresses that are typed, a machine's request and the answer to it."""
    text = data.decode("utf-8", "replace")
    secret = secret_of(text)
    if secret is not None and secret_of(" ".join(words_of(secret))) != secret:
        raise AssertionError("Six words are others once more.")
    address = address_of(text)
    if address is not None and address_of(address) != address:
        raise AssertionError("An address is another one once more.")
    for kind in (Machine, PairingAnswer):
        try:
            told = read_json(data, kind)
        except Unreadable:
            continue
        if isinstance(told, PairingAnswer):
            verifier(told.keys)


def headers(data: bytes) -> None:
    """Try headers that strangers control: the proxies', and the visitor's cookie."""
    lines = [line.decode("latin-1") for line in data.split(b"\n", 8)[:8]]
    given: CIMultiDict[str] = CIMultiDict()
    for line in lines:
        name, _, value = line.partition(":")
        if name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "Cookie"):
            given.add(name, value.strip())
    request = make_mocked_request("GET", "/", headers=given).clone(remote="127.0.0.1")
    FORWARDED(request)
    token = VISITORS.token(request, "asker", SessionId("s"))
    VISITORS.hasty(token)


def texts(data: bytes) -> None:
    """Clean a text as every typed text is. Characters that change the direction of writing must not remain."""
    text = data.decode("utf-8", "surrogatepass" if data[:1] == b"s" else "replace")
    cleaned = clean(text)
    cleaned.encode()
    if clean(cleaned) != cleaned:
        raise AssertionError("A text that is clean is cleaned again.")
    is_name(text)
    known_reports(text)


WANTED = ExpectedClaims(issuer="https://id.example", client="moothall", nonce="n", now_s=1_764_000_000.0)
"""What a token must contain in this process, at a fixed time."""


@cache
def _signing_key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(20_261_129, ec.SECP256R1())


@cache
def _own_key() -> dict[str, Any]:
    point = _signing_key().public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _text(point.x.to_bytes(32)), "y": _text(point.y.to_bytes(32)), "kid": "k"}


def id_token(data: bytes) -> None:
    """Try a provider's arbitrary token and its keys: header, claims and keys, a line each.

    The first byte says whether the token is signed by a known key, as the header says, or not at all. An accepted token
    must name a person and be meant for us.
    """
    header, claims, keys = (*data[1:].split(b"\n", 2), b"", b"")[:3]
    said = f"{_text(header)}.{_text(claims)}"
    known: tuple[dict[str, Any], ...] = (_own_key(),)
    with suppress(Unreadable):
        known += read_json(keys, provider._Keys).keys
    if data[:1] < b"\x80":
        token = data[1:].decode("utf-8", "replace")
    elif data[:1] < b"\xc0":
        token = f"{said}.{_text(keys)}"
    else:
        r, s = decode_dss_signature(_signing_key().sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        token = f"{said}.{_text(r.to_bytes(32) + s.to_bytes(32))}"
    found = read_id_token(token, known, WANTED, "realm_access.roles")
    if not found.subject or data[:1] < b"\xc0":
        raise AssertionError("A token that nobody signed lets somebody in, or lets nobody in.")
    everything = msgspec.json.decode(claims)
    if everything["iss"] != WANTED.issuer or everything["nonce"] != WANTED.nonce:
        raise AssertionError("A token of another issuer or attempt lets somebody in.")


def provider_answer(data: bytes) -> None:
    """Try a provider's answer, from its bytes to what is used of it; the first byte says which one it is."""
    answer = provider._read_answer(data[1:], PROVIDER_ANSWERS[data[0] % len(PROVIDER_ANSWERS) if data else 0])
    match answer:
        case provider._Metadata():
            answer.check(WANTED.issuer)
            if not all(map(provider.is_safe, (answer.token_endpoint, answer.jwks_uri))):
                raise AssertionError("The provider is asked where others can read it.")
        case provider._Keys(keys=keys):
            read_id_token(SIGNED, keys, WANTED, "groups")
            raise AssertionError("A token that nobody signed lets somebody in.")
        case provider._Tokens(id_token=token):
            read_id_token(token, (_own_key(),), WANTED, "groups")
            raise AssertionError("A token that nobody signed lets somebody in.")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


CLAIMS = (
    b'{"iss":"https://id.example","sub":"1","aud":["moothall"],"exp":1764000300,"iat":1764000000,"nonce":"n",'
    b'"azp":"moothall","realm_access":{"roles":["mh-office",7]}}'
)

PROVIDER_ANSWERS = (provider._Metadata, provider._Keys, provider._Tokens)
SIGNED = ".".join(map(_text, (b'{"alg":"RS256"}', CLAIMS, bytes(256))))
"""A token with a signature that is none."""

TARGETS = (
    Target(
        name="id-token",
        call=id_token,
        declared=(TokenRefused,),
        seeds=(
            b'\xff{"alg":"ES256","kid":"k"}\n' + CLAIMS,
            b'\xff{"alg":"ES256"}\n' + CLAIMS + b'\n{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}',
            b'\x80{"alg":"RS256"}\n' + CLAIMS + b'\n{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"r"}]}',
            b"\0e30.e30.AA",
            b'\xff{"alg":"ES256","more":' + b"[" * 1_500 + b"]" * 1_500 + b"}\n" + CLAIMS,
            b'\xff{"alg":"ES256"}\n{"more":' + b"[" * 1_500 + b"]" * 1_500 + b"}",
        ),
    ),
    Target(
        name="provider-answer",
        call=provider_answer,
        declared=(TokenRefused, provider.ProviderDown),
        seeds=(
            (
                b'\0{"issuer":"https://id.example","authorization_endpoint":"https://id.example/a?tenant=1",'
                b'"token_endpoint":"https://id.example/t","jwks_uri":"http://[::1]:9/k",'
                b'"token_endpoint_auth_methods_supported":["client_secret_post"],'
                b'"authorization_response_iss_parameter_supported":true}'
            ),
            b'\1{"keys":[{"kty":"RSA","use":"sig","n":"AQAB","e":"AQAB","kid":"r"},{"kty":"EC","crv":"P-256"}]}',
            b'\2{"id_token":"%s","access_token":"x"}' % SIGNED.encode(),
            *(bytes([kind]) + b'{"more":' + b"[" * 1_500 + b"]" * 1_500 + b"}" for kind in range(3)),
        ),
    ),
    Target(
        name="microphone",
        call=microphone,
        declared=(ProtocolError,),
        seeds=(
            b'\0{"kind":"hello","protocol":1,"channel":"floor","take":"abcdefgh","first":0,"age":0}',
            b'\0{"kind":"end","at":1600,"reason":"stopped"}',
            b'\0{"kind":"take-over"}',
            b"\xff" + audio.encode_piece(audio.Piece(first=0, age=1, pcm=bytes(8))),
        ),
    ),
    Target(
        name="desk",
        call=desk,
        declared=(Unreadable, msgspec.ValidationError),
        seeds=(
            b'\0{"session":"s","channel":"floor","after":"e:1","name":"x"}',
            b'\1{"id":"c1","commands":[{"do":"type","channel":"floor","segment":"s1","text":"x","language":"en"}]}',
            b'\4{"removes":{"type":"lines","segments":["s1"]},"from":"en","to":"es","text":"x"}',
        ),
    ),
    Target(
        name="command",
        call=command,
        declared=(Unreadable,),
        seeds=(
            b'{"do":"close"}',
            b'{"do":"correct","channel":"floor","segment":"s1","base_revision":0,"base_words":1,"text":"x"}',
        ),
    ),
    Target(
        name="pairing",
        call=pairing,
        declared=(ConfigurationError,),
        seeds=(
            " ".join(words_of(bytes(range(6)))).encode(),
            b"https://hall.example.org:8443/",
            b'{"words":"a b c d e f","node":"0123456789abcdef","title":"x"}',
            b'{"hub":"h","title":"t","key":"k","keys":{"keys":[{"id":"0","alg":"Ed25519","public_key":"AA=="}]}}',
        ),
    ),
    Target(
        name="headers",
        call=headers,
        seeds=(
            b'X-Forwarded-For: 192.0.2.1, 10.0.0.1\nForwarded: for="[2001:db8::1]:80";proto=https\nCookie: asker='
            + b"A" * 40,
        ),
    ),
    Target(
        name="texts",
        call=texts,
        declared=(UnicodeDecodeError,),
        seeds=("Why?\r\n\u202eabc\u0301".encode(), b"late:sent,word:seen"),
    ),
)
