"""The terms of a role link (its expiry, the browsers it admits), and the count of its uses."""

from __future__ import annotations

import msgspec

from moothall.core.kernel.actors import Role

HOUR_MS = 3_600_000


class LinkTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a link. The defaults limit nothing, as for all links of releases that had no terms."""

    expires: int = 0
    """When it expires, Unix ms; 0: never."""
    with_session: bool = False
    """Whether it expires some hours after its session's close; if the session is reopened it is valid again."""
    one_browser: bool = False
    """Whether only the first browser that opens it may open it again."""
    without_sign_in: bool = False
    """Whether it opens `/admin` even where that requires a sign-in: for the operator, if the provider is down."""

    def ends(self, closed: int | None, after_close_ms: int) -> int | None:
        """When the link expires, Unix ms; None while no time is set or known.

        `closed`: when its session was closed (Unix ms), None where it isn't, or the link belongs to no session.
        """
        times = [self.expires] if self.expires else []
        if self.with_session and closed is not None:
            times.append(closed + after_close_ms)
        return min(times, default=None)


FOR_EVER = LinkTerms()


class WantedLink(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of a link to be made."""

    role: Role
    scope: str
    """`hall`, `room:ID` or `session:ID`."""
    label: str = ""
    terms: LinkTerms = FOR_EVER


class LinkUse(msgspec.Struct, frozen=True, kw_only=True):
    """The count of a link's uses. Readers' links are not counted."""

    uses: int = 0
    """How often it was opened."""
    browsers: int = 0
    """The number of browsers that opened it; one that was forgotten, or signed out, counts again."""
    last: int = 0
    """When it was last opened, Unix ms; 0: never."""
    forgotten: bool = False
    """Whether earlier uses were forgotten, since they were due."""

    def again(self, now: int, *, known: bool) -> LinkUse:
        """The count after another use. `known`: the browser had opened the link before."""
        return LinkUse(uses=self.uses + 1, browsers=self.browsers + (not known), last=max(now, self.last))
