from __future__ import annotations

import pytest

from moothall.wire.close_codes import Advice, CloseCode, advice
from moothall.wire.hubs.messages import KEY_NOT_KNOWN
from moothall_hub.uplink.parts import FENCED, LOOP, UNKNOWN_KEY, Turned


@pytest.mark.parametrize(
    ("turned", "final"),
    [
        (Turned(403, FENCED), FENCED),
        (Turned(403, "<html><title>Welcome to Airport WiFi</title>"), ""),
        (Turned(401, KEY_NOT_KNOWN), UNKNOWN_KEY),
        (Turned(401, "whatever a proxy says"), ""),
        (Turned(302), ""),
        (Turned(502, FENCED), ""),
    ],
)
def test_only_what_a_server_of_ours_says_ends_the_link_for_good(turned: Turned, final: str) -> None:
    assert turned.final == final


def test_the_sentences_are_those_of_the_close_codes() -> None:
    assert FENCED == "Another machine speaks for this hub now."
    assert LOOP == "This hub's uplink leads back to itself."
    assert advice(CloseCode.FENCED) is advice(CloseCode.LOOP) is Advice.STOP
