"""Until when a role link is good, and in how many browsers; how often it was used."""

from __future__ import annotations

import msgspec

from moothall.core.kernel.actors import Role

HOUR_MS = 3_600_000


class LinkTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What limits a link. The defaults limit nothing, as with all links of releases before these terms."""

    expires: int = 0
    """Unix ms from which on it opens nothing; 0: it does not expire."""
    with_session: bool = False
    """Whether it ends with its session, some hours after the close; a session that is reopened makes it good again."""
    one_browser: bool = False
    """Whether only the first browser that opens it may open it again."""
    without_sign_in: bool = False
    """Whether it opens `/admin` where that demands a sign-in: the operator's way in while the provider is down."""

    def ends(self, closed: int | None, after_close_ms: int) -> int | None:
        """Unix ms from which on it opens nothing; None while that isn't known.

        `closed` is when its session was closed (Unix ms), None where it isn't or there is none.
        """
        times = [self.expires] if self.expires else []
        if self.with_session and closed is not None:
            times.append(closed + after_close_ms)
        return min(times, default=None)


FOR_EVER = LinkTerms()


class WantedLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that is to be made."""

    role: Role
    scope: str
    """`hall`, `room:ID` or `session:ID`."""
    label: str = ""
    terms: LinkTerms = FOR_EVER


class LinkUse(msgspec.Struct, frozen=True, kw_only=True):
    """How a link was used. Readers' links are not counted."""

    uses: int = 0
    """How often it was opened."""
    browsers: int = 0
    """From how many browsers; one that was forgotten, or whose person left, counts again."""
    last: int = 0
    """Unix ms when it was opened last; 0 for never."""

    def again(self, now: int, *, known: bool) -> LinkUse:
        """With one use more, of a browser that is `known` by it or isn't."""
        return LinkUse(uses=self.uses + 1, browsers=self.browsers + (not known), last=max(now, self.last))
