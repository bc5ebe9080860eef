from __future__ import annotations

import pytest
from multidict import CIMultiDict
from websockets.datastructures import Headers

from moothall.adapters.http.security_headers import origin_allowed, security_headers, sent_by_a_page


def test_scripts_and_exactly_our_origins_are_allowed() -> None:
    ours = frozenset({"https://good.example"})
    assert origin_allowed(None, ours)
    assert origin_allowed("https://good.example", ours)
    assert not origin_allowed("https://good.example.evil.com", ours)
    assert not origin_allowed("", ours)


def test_the_policy_has_no_inline_code_and_names_who_may_frame() -> None:
    policy = security_headers(("'self'", "https://conference.example"))["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'self' https://conference.example")


def test_a_page_that_another_opens_or_fetches_is_apart_from_it() -> None:
    """The browser of `tests/e2e` does not heed the first of them: it would begin a process for it at each visit."""
    headers = security_headers()
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("kind", [CIMultiDict, Headers])
def test_a_page_sends_its_origin_and_a_program_none(kind: type[CIMultiDict[str] | Headers]) -> None:
    assert not sent_by_a_page(kind([("Host", "good.example")]))
    assert all(sent_by_a_page(kind([("origin", origin)])) for origin in ("https://good.example", "null", ""))
    assert sent_by_a_page(kind([("Origin", "https://a.example"), ("Origin", "https://b.example")]))
