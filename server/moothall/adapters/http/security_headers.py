"""Security headers for browsers, and the check of the Origin header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import hdrs, web

FOR_ANY_PAGE: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",  # Media players of operating systems send no CORS request.
}
"""Headers of resources that pages of any origin may read."""


def security_headers(frame_ancestors: Sequence[str] = ("'none'",)) -> Mapping[str, str]:
    """The headers of every answer. `frame_ancestors`: the origins that may show the house's pages in a frame."""
    policy = (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
        f"frame-ancestors {' '.join(frame_ancestors)}"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        # Not no-referrer: browsers would then send `Origin: null` with forms.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
        "Server": "moothall",
    }


def secure(app: web.Application, headers: Mapping[str, str] | None = None) -> None:
    """Add the security headers to every answer of `app`, except those that its handler has set. None: the default
    headers.
    """
    chosen = security_headers() if headers is None else headers

    async def add(_: web.Request, response: web.StreamResponse) -> None:
        for name, value in chosen.items():
            if name == "Server":
                response.headers[name] = value  # Replaces aiohttp's name and version.
            else:
                response.headers.setdefault(name, value)

    app.on_response_prepare.append(add)


def origin_allowed(origin: str | None, allowed: frozenset[str]) -> bool:
    """Whether a request with this `Origin` header may be answered. None is allowed: programs send none, and the text is
    public.

    Compared exactly, as browsers write it: scheme, host in lower case, port where it isn't the scheme's default.
    """
    return origin is None or origin in allowed


def sent_by_a_page(headers: Mapping[str, str]) -> bool:
    """Whether a page has sent a request with these headers, in which case doesn't matter: a page can't leave out its
    `Origin`, and programs send none.
    """
    return hdrs.ORIGIN in headers
