from __future__ import annotations

from moothall.adapters.http.security_headers import origin_allowed, security_headers


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
