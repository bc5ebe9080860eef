"""Checks a server through its public address: certificate, proxy, streams.

The facts come from requests to that address with a pass of the running server (`adapters/operation/probe_door.py`).
"""

from __future__ import annotations

import msgspec

from moothall.services.operation.findings import Finding, fine, mend, unseen

DAY_S = 86_400
SOON_DAYS = 14
"""A certificate that ends within this many days should have been renewed: those of Let's Encrypt are renewed with 30
days left."""
BUFFERED_MS = 400
"""Least time, in ms, that must lie between the first and the last piece. The second piece is sent 800 ms after the
first; where the first arrives much later, a proxy has buffered it."""


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The TLS certificate of the public address."""

    error: str = ""
    """Why it isn't trusted, as OpenSSL or the system says it; empty when it is."""
    ends_s: int = 0
    """Seconds until it expires; below 0 when it has expired."""
    names: tuple[str, ...] = ()
    """Host names for which it is valid."""
    host: str = ""
    """Host name of the public address."""
    matches: bool = True
    """Whether `host` is one of `names`."""
    away: bool = False
    """Whether nobody answered, in which case the other fields mean nothing."""


def check_certificate(facts: CertificateFacts | None) -> Finding:
    """Check whether browsers accept the certificate, and for how long. `facts` is None where the address isn't
    https.
    """
    topic = "Certificate"
    if facts is None:
        return unseen(topic, "The server is reached by http: browsers open microphones on this machine alone.")
    if facts.away:
        return unseen(topic, f"Nobody answers at {facts.host}.")
    names = ", ".join(facts.names) or "no name"
    if not facts.matches:
        return mend(topic, f"It is for {names}, not for {facts.host}. Get one for that name.")
    if facts.ends_s < 0 and not facts.error:
        return mend(topic, f"It ended {_days(-facts.ends_s)} ago. Renew it, then `moothall reload`.")
    if facts.error:
        return mend(topic, f"Browsers don't believe it: {facts.error}. Send the whole chain, from an authority.")
    if facts.ends_s < SOON_DAYS * DAY_S:
        return mend(topic, f"It ends in {_days(facts.ends_s)}. Renew it, then `moothall reload`.")
    return fine(topic, f"For {names}, for {_days(facts.ends_s)} more.")


class SeenFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A request, as the server saw it."""

    peer: str
    """Address from which the connection came."""
    trusted: bool
    """Whether `peer` is one of `trusted_proxies`."""
    forwarded: bool
    """Whether the request had `Forwarded` or `X-Forwarded-For`."""
    last: str
    """The last address in these headers; empty where there is none, or where the two contradict each other."""
    https: bool
    """Whether the server treats it as a request over https."""
    origin: bool
    """Whether its `Origin` is one of the server's own."""


class ReachFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The answers that came through the public address."""

    address: str
    """The public address."""
    proxied: bool
    """Whether it differs from the address on which the server listens."""
    error: str = ""
    """Why nothing came, in which case the other fields mean nothing; empty when something did."""
    status: int = 200
    seen: SeenFacts | None = None
    """The request as the server saw it; None when another program answered."""
    stream_ms: tuple[int, ...] = ()
    """When each piece of a stream arrived, in ms after the request."""
    socket: str = ""
    """Why a WebSocket didn't open; empty when it did."""


CLAIMED = "192.0.2.77"
"""The address (reserved for documentation, RFC 5737) that a probe claims as its origin."""


def check_reach(facts: ReachFacts) -> Finding:
    """Check whether the public address leads to this server."""
    topic = "Public address"
    if facts.error:
        return mend(
            topic, f"{facts.address} doesn't answer: {facts.error}. Look at the name, the firewall and the proxy."
        )
    if facts.seen is None:
        return mend(
            topic,
            f"{facts.address} answers with status {facts.status}, but not this server. Let the proxy pass "
            "everything on to it, or change public_address of [server].",
        )
    return fine(topic, f"{facts.address} leads to this server.")


def check_origin(facts: ReachFacts) -> Finding:
    """Check whether forms and WebSockets of the server's own pages are accepted."""
    topic = "Origin"
    if facts.seen is None:
        return unseen(topic, "The server was not reached by its public address.")
    if not facts.seen.origin:
        return mend(
            topic,
            f"What pages of {facts.address} send is refused as foreign. Take that address into origins of [server] "
            "or leave origins empty, and let the proxy pass Origin on as it is.",
        )
    if facts.address.startswith("https://") and not facts.seen.https:
        return mend(
            topic,
            "The server doesn't see that visitors come by https. Let the proxy write X-Forwarded-Proto, and name it in "
            "trusted_proxies of [server].",
        )
    return fine(topic, "What its own pages send is taken, and it sees how visitors come.")


def check_streams(facts: ReachFacts) -> Finding:
    """Check whether a stream arrives without being buffered."""
    topic = "Streams"
    if facts.seen is None:
        return unseen(topic, "The server was not reached by its public address.")
    if len(facts.stream_ms) < 2:
        return mend(topic, "A stream of events doesn't come through. Let the proxy pass it on, and look at its log.")
    if facts.stream_ms[-1] - facts.stream_ms[0] < BUFFERED_MS:
        return mend(topic, "The proxy holds streams back. Turn its buffering off: nginx proxy_buffering off.")
    return fine(topic, f"The first piece comes after {facts.stream_ms[0]} ms, and is not held back.")


def check_socket(facts: ReachFacts) -> Finding:
    """Check whether WebSockets are let through."""
    topic = "WebSockets"
    if facts.seen is None:
        return unseen(topic, "The server was not reached by its public address.")
    if facts.socket:
        return mend(
            topic,
            f"A WebSocket doesn't open: {facts.socket}. Let the proxy pass Upgrade and Connection on, with HTTP/1.1.",
        )
    return fine(topic, "They open.")


def check_forwarded(facts: ReachFacts) -> Finding:
    """Check whether each visitor is counted by their own address."""
    topic = "Visitors' addresses"
    seen = facts.seen
    if seen is None:
        return unseen(topic, "The server was not reached by its public address.")
    if not facts.proxied:
        return fine(topic, "No proxy stands in front.")
    if not seen.forwarded:
        return mend(topic, f"All visitors count as {seen.peer}: let the proxy write X-Forwarded-For.")
    if seen.last == CLAIMED:
        return mend(
            topic,
            "The proxy passes on what visitors write into X-Forwarded-For, so that anybody can be anybody. Let it "
            "write the header anew: nginx proxy_set_header X-Forwarded-For $remote_addr.",
        )
    if not seen.trusted:
        return mend(topic, f"All visitors count as {seen.peer}, the proxy: name it in trusted_proxies of [server].")
    if not seen.last:
        return mend(
            topic,
            "Forwarded and X-Forwarded-For contradict each other, so neither is believed: let the proxy write one "
            "and drop the other.",
        )
    return fine(topic, "The proxy says whose request it is, and is believed; nobody else is.")


def outside(certificate: CertificateFacts | None, facts: ReachFacts) -> list[Finding]:
    """All findings, in the order in which the faults should be corrected."""
    checks = (check_reach, check_origin, check_streams, check_socket, check_forwarded)
    return [check_certificate(certificate), *(check(facts) for check in checks)]


def _days(seconds: int) -> str:
    days = seconds // DAY_S
    return f"{days} days" if days != 1 else "1 day"
