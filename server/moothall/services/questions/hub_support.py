"""How many in the rooms of hubs would ask something too: absolute counts, one of each machine of a hub.

They stand with a session's ballots (`moothall.services.questions.ballot_box`), and are destroyed with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from moothall.core.hubs.standing import way_to
from moothall.core.kernel.ids import InterventionId

IN_HUB = ":hub"
"""What a count's key begins with; no intervention's name does."""
MOST_OF_HUBS = 50_000
"""Counts of a session: a hundred hubs with five hundred questions. One more is refused."""
MOST_OF_HUB = 5_000
"""Of these, from one hub and those below it. One more is refused."""


class HubSupport:
    """The counts of one session that are on the disk."""

    def __init__(self) -> None:
        # Bound: MOST_OF_HUBS, which whoever keeps more looks at.
        self._counts: dict[InterventionId, dict[tuple[str, str], int]] = {}
        self._of: Counter[str] = Counter()
        """How many there are of each hub that is linked here, with those below it."""

    def __len__(self) -> int:
        return self._of.total()

    @property
    def counted(self) -> Iterable[InterventionId]:
        """What there are counts for."""
        return self._counts.keys()

    def get(self, what: InterventionId, hub: str, node: str) -> int | None:
        """What a machine counted last; None: nothing yet."""
        return self._counts.get(what, {}).get((hub, node))

    def put(self, what: InterventionId, hub: str, node: str, count: int) -> None:
        """A count is on the disk; the newest of a machine holds."""
        if self.get(what, hub, node) is None:
            self._of[way_to(hub)[0]] += 1
        self._counts.setdefault(what, {})[hub, node] = count

    def full_for(self, hub: str) -> bool:
        """Whether no count more is kept of a hub, or of those that come by way of the same one."""
        return len(self) >= MOST_OF_HUBS or self._of[way_to(hub)[0]] >= MOST_OF_HUB

    def total(self, what: InterventionId) -> int:
        """Of all hubs together. Of a hub's machines the highest holds: one that was replaced doubles nobody."""
        highest: dict[str, int] = {}
        for (hub, _), count in self._counts.get(what, {}).items():
            highest[hub] = max(count, highest.get(hub, 0))
        return sum(highest.values())


def key_of(what: InterventionId, hub: str, node: str) -> str:
    """The key of a count on a session's shelf; `hub` and `node` are names, which have no slash."""
    return f"{IN_HUB}/{what}/{hub}/{node}"


def read_key(rest: str) -> tuple[InterventionId, str, str]:
    """What a key names, without its beginning and the slash behind that."""
    what, hub, node = rest.split("/")
    return InterventionId(what), hub, node
