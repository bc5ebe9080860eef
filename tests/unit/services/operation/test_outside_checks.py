from __future__ import annotations

import msgspec
import pytest

from moothall.services.operation.findings import Verdict
from moothall.services.operation.outside_checks import (
    CLAIMED,
    DAY_S,
    CertificateFacts,
    ReachFacts,
    SeenFacts,
    check_certificate,
    check_forwarded,
    check_origin,
    check_reach,
    check_socket,
    check_streams,
    outside,
)

PUBLIC = "https://hall.example.org"
SEEN = SeenFacts(peer="127.0.0.1", trusted=True, forwarded=True, last="203.0.113.9", https=True, origin=True)
GOOD = ReachFacts(address=PUBLIC, proxied=True, seen=SEEN, stream_ms=(20, 825))
CERTIFICATE = CertificateFacts(ends_s=60 * DAY_S, names=("hall.example.org",), host="hall.example.org")


def seen(**changed: object) -> ReachFacts:
    return msgspec.structs.replace(GOOD, seen=msgspec.structs.replace(SEEN, **changed))


def test_all_is_well_behind_a_good_proxy() -> None:
    found = outside(CERTIFICATE, GOOD)
    assert [each.verdict for each in found] == [Verdict.FINE] * 6


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"matches": False}, "not for hall.example.org"),
        ({"ends_s": -2 * DAY_S}, "ended 2 days ago"),
        ({"error": "unable to get local issuer certificate"}, "whole chain"),
        ({"ends_s": DAY_S}, "ends in 1 day."),
        ({"names": (), "matches": False}, "for no name"),
    ],
)
def test_certificates_that_browsers_refuse(changed: dict[str, object], words: str) -> None:
    found = check_certificate(msgspec.structs.replace(CERTIFICATE, **changed))
    assert found.verdict is Verdict.MEND
    assert words in found.sentence


def test_without_https_there_is_no_certificate() -> None:
    assert check_certificate(None).verdict is Verdict.UNSEEN
    assert "Nobody answers" in check_certificate(CertificateFacts(host="hall.example.org", away=True)).sentence
    assert "60 days more" in check_certificate(CERTIFICATE).sentence


def test_an_address_where_somebody_else_answers_or_nobody() -> None:
    nobody = ReachFacts(address=PUBLIC, proxied=True, error="Connection refused")
    other = ReachFacts(address=PUBLIC, proxied=True, status=404)
    assert "Connection refused" in check_reach(nobody).sentence
    assert "status 404" in check_reach(other).sentence
    for facts in (nobody, other):
        found = outside(CERTIFICATE, facts)
        assert [each.verdict for each in found[1:]] == [Verdict.MEND, *[Verdict.UNSEEN] * 4]


def test_origins() -> None:
    assert "refused as foreign" in check_origin(seen(origin=False)).sentence
    assert "X-Forwarded-Proto" in check_origin(seen(https=False)).sentence
    plain = ReachFacts(address="http://hall.lan", proxied=True, seen=msgspec.structs.replace(SEEN, https=False))
    assert check_origin(plain).verdict is Verdict.FINE


def test_streams_and_sockets() -> None:
    held_back = msgspec.structs.replace(GOOD, stream_ms=(830, 831))
    assert "buffering off" in check_streams(held_back).sentence
    assert "doesn't come through" in check_streams(msgspec.structs.replace(GOOD, stream_ms=())).sentence
    shut = check_socket(msgspec.structs.replace(GOOD, socket="it is answered with status 400"))
    assert "status 400" in shut.sentence
    assert shut.verdict is Verdict.MEND


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"forwarded": False, "last": ""}, "let the proxy write X-Forwarded-For"),
        ({"last": CLAIMED}, "anybody can be anybody"),
        ({"last": CLAIMED, "trusted": False}, "anybody can be anybody"),
        ({"trusted": False}, "name it in trusted_proxies"),
        ({"last": ""}, "contradict each other"),
    ],
)
def test_proxies_that_do_not_say_whose_a_request_is(changed: dict[str, object], words: str) -> None:
    found = check_forwarded(seen(**changed))
    assert found.verdict is Verdict.MEND
    assert words in found.sentence


def test_without_a_proxy_nobody_has_to_say_it() -> None:
    direct = msgspec.structs.replace(seen(trusted=False, last=CLAIMED), proxied=False)
    assert check_forwarded(direct).verdict is Verdict.FINE
