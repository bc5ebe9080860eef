"""ID tokens (OpenID Connect Core 1.0, section 2): checks that a token is from the provider, for this client, for this
attempt, and current.

PyJWT checks only signatures: the algorithm is decided by the key and is one of two, whatever the token states, and
times are compared with the given clock.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_json

LONGEST_TOKEN = 32_768
"""The most characters of a token: the groups of a large house take 10,000."""
LEEWAY_S = 60
"""How many seconds the provider's clock may be off."""
MOST_AGE_S = 900
"""The oldest age of a token in seconds. A token is made when the code is redeemed, so an old token belongs to another
attempt.
"""
LEAST_RSA_BITS = 2_048
MOST_GROUPS = 1_000
"""How many values of the groups claim are read; later values are ignored."""
ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
"""The accepted signature algorithms, with the types of their keys."""


class TokenRefused(Exception):
    """The token is not accepted. The message says which check failed, and quotes nothing of the token."""


class UnknownKey(TokenRefused):
    """No known key has signed the token; the provider may have new keys."""


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str | None = None
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Said(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str
    azp: str | None = None


class ExpectedClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The values that a token must have."""

    issuer: str
    client: str
    nonce: str
    now_s: float
    """Present Unix time in seconds."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a checked token states about the account."""

    subject: str
    groups: tuple[str, ...]


def read_id_token(token: str, keys: Sequence[dict[str, Any]], wanted: ExpectedClaims, claim: str) -> Claims:
    """Check a token against the provider's keys (JWKs) and read the groups in `claim`.

    Raises UnknownKey and TokenRefused.
    """
    header, payload = _parts(token)
    if header.alg not in ALGORITHMS:
        raise TokenRefused("its algorithm is not one that is taken")
    if header.crit is not msgspec.UNSET:
        raise TokenRefused("it asks for an extension")
    _check_signature(token, header, keys)
    try:
        said = read_json(payload, _Said)
        everything = read_json(payload, dict[str, Any])
    except Unreadable as error:
        raise TokenRefused("a claim is missing or of another type") from error
    _check_claims(said, wanted)
    return Claims(subject=said.sub, groups=_groups(everything, claim))


def _parts(token: str) -> tuple[_Header, bytes]:
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3 or not token.isascii():
        raise TokenRefused("it is no signed token")
    try:
        return read_json(_decoded(parts[0]), _Header), _decoded(parts[1])
    except (Unreadable, binascii.Error) as error:
        raise TokenRefused("it is no signed token") from error


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _check_signature(token: str, header: _Header, keys: Sequence[dict[str, Any]]) -> None:
    import jwt  # The extra `oidc`, which is installed where a sign-in is configured.

    usable = [key for key in keys if _usable(key, header)]
    if not usable:
        raise UnknownKey("no key of the provider fits it")
    for each in usable:
        try:
            key = jwt.PyJWK.from_dict(each, algorithm=header.alg)
            if header.alg == "RS256" and key.key.key_size < LEAST_RSA_BITS:
                continue
            jwt.PyJWS(algorithms=[header.alg]).decode_complete(token, key=key.key, algorithms=[header.alg])
        except (jwt.PyJWTError, RecursionError):  # PyJWT decodes the header too, deeper in the stack than `_parts`.
            continue
        return
    raise (TokenRefused if header.kid else UnknownKey)("its signature is wrong")


def _usable(key: dict[str, Any], header: _Header) -> bool:
    """Whether a key may have made the signature: the key decides on the algorithm, the token only names the key."""
    return (
        key.get("kty") == ALGORITHMS[header.alg]
        and key.get("use", "sig") == "sig"
        and key.get("alg", header.alg) == header.alg
        and (header.alg != "ES256" or key.get("crv") == "P-256")
        and (header.kid is None or key.get("kid") == header.kid)
    )


def _check_claims(said: _Said, wanted: ExpectedClaims) -> None:
    audience = [said.aud] if isinstance(said.aud, str) else said.aud
    if said.iss != wanted.issuer:
        raise TokenRefused("it is of another issuer")
    if wanted.client not in audience or (len(audience) > 1 and said.azp is None):
        raise TokenRefused("it is for another audience")
    if said.azp is not None and said.azp != wanted.client:
        raise TokenRefused("it was made for another client")
    if not hmac.compare_digest(said.nonce.encode("utf-8", "replace"), wanted.nonce.encode()):
        raise TokenRefused("it belongs to another attempt")
    if said.exp + LEEWAY_S <= wanted.now_s:
        raise TokenRefused("it has expired")
    if not wanted.now_s - MOST_AGE_S <= said.iat <= wanted.now_s + LEEWAY_S:
        raise TokenRefused("it was not made now")
    if not 0 < len(said.sub) <= 255:
        raise TokenRefused("it names nobody")


def _groups(claims: dict[str, Any], claim: str) -> tuple[str, ...]:
    """The string values of a claim; `realm_access.roles` is a claim of that name, or `roles` within `realm_access`."""
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    values = found if isinstance(found, list) else [found]
    return tuple(value for value in values[:MOST_GROUPS] if isinstance(value, str))
