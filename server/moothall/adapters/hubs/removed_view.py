"""View data of removals on the page of hubs: which groups have erased the removed words, and which haven't yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moothall.adapters.hubs.view import moment
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone
from moothall.services.hubs.registry import Hubs
from moothall.services.hubs.removals import ALL, HeldCopy, HubRemoval

MOST_DONE = 20
"""The most finished removals shown, newest first. Unfinished removals are all shown."""


class RemovedText:
    """Message keys (`web/locales`, hub_removed.po)."""

    WORDS = "Removed {time}"
    MEETING = "The whole meeting was removed {time}"
    RESTRICTED = "Not everybody may read it since {time}"
    ERASED = "erased {time}"
    THERE = "not yet, connected"
    CUT = "not yet, cut off since {time}"
    LOST = "can't be reached any more"


class RemovedView:
    """Makes the rows of removals from the registry of hubs."""

    def __init__(self, hubs: Hubs, title_of: Callable[[SessionId], str]) -> None:
        """`title_of`: returns a session's title."""
        self._hubs = hubs
        self._title_of = title_of

    def rows(self, removals: Sequence[HubRemoval], zone: Zone, ui: Catalogue) -> list[dict[str, object]]:
        """One row for each removal: what was removed and when, and whether each group that held it has erased it.
        Unfinished removals come first.
        """
        shown = [each for each in removals if not _is_done(each)] + list(filter(_is_done, removals))[:MOST_DONE]
        return [
            {
                "title": self._title_of(each.session),
                "what": ui.text(_what(each), time=moment(each.at, zone, ui)),
                "done": _is_done(each),
                "groups": [
                    {"title": holder.title, "stands": self._stands(each, holder, zone, ui)} for holder in each.holders
                ],
            }
            for each in shown
        ]

    def lost(self, removals: Sequence[HubRemoval]) -> bool:
        """Whether a machine that still has to erase something can't be reached any more."""
        return any(
            each.done(holder) is None and not self._reached(holder) for each in removals for holder in each.holders
        )

    def _stands(self, removal: HubRemoval, holder: HeldCopy, zone: Zone, ui: Catalogue) -> str:
        done, hub = removal.done(holder), self._hubs.get(holder.hub)
        if done is not None:
            return ui.text(RemovedText.ERASED, time=moment(done, zone, ui))
        if hub is None or not self._reached(holder):
            return ui.text(RemovedText.LOST)
        if self._hubs.here(hub.name):
            return ui.text(RemovedText.THERE)
        return ui.text(RemovedText.CUT, time=moment(hub.seen or hub.paired or removal.at, zone, ui))

    def _reached(self, holder: HeldCopy) -> bool:
        """Whether the machine is still the one paired with its hub, so that it can get the removal."""
        hub = self._hubs.get(holder.hub)
        return hub is not None and hub.node == holder.node


def _what(removal: HubRemoval) -> str:
    if removal.restricted:
        return RemovedText.RESTRICTED
    return RemovedText.MEETING if removal.offset == ALL else RemovedText.WORDS


def _is_done(removal: HubRemoval) -> bool:
    return all(removal.done(holder) is not None for holder in removal.holders)
