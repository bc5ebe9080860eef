"""Tokens that are nested deep are refused, wherever the nesting is; `integration/admin/test_sign_in.py` tries the rest.

They are given to the reader itself, since the depth at which a decoder gives up depends on the stack above it.
"""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from moothall.adapters.sign_in.id_token import ExpectedClaims, TokenRefused, read_id_token
from support.sign_in.provider import b64, jwk, usual_rsa

WANTED = ExpectedClaims(issuer="https://id.example", client="us", nonce="n", now_s=1_764_000_000.0)
HEADER, ISSUER = b'"alg":"RS256","kid":"k"', b'"iss":"https://id.example"'


def nested(fields: bytes, depth: int) -> str:
    return b64(b'{%s,"more":%s%s}' % (fields, b"[" * depth, b"]" * depth))


def test_a_header_of_any_depth_is_refused_by_whoever_reads_it() -> None:
    keys = [jwk(usual_rsa(), "k")]
    for depth in range(1, 1_100):  # PyJWT reads the header too, and gives up at another depth than we do.
        with pytest.raises(TokenRefused):
            read_id_token(nested(HEADER, depth) + ".e30.AA", keys, WANTED, "groups")


def test_signed_claims_that_are_nested_deep_are_refused() -> None:
    key = usual_rsa()
    said = b64(b"{%s}" % HEADER) + "." + nested(ISSUER, 3_000)
    token = f"{said}.{b64(key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
    with pytest.raises(TokenRefused, match="a claim"):
        read_id_token(token, [jwk(key, "k")], WANTED, "groups")
