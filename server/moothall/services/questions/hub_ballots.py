"""What the rooms of hubs have chosen: absolute counts, one of each machine of a hub.

A count has a number for each choice that can be made: one for *I'd ask this too*, one an option for a show of hands.
Counts are stored with a session's ballots (`moothall.services.questions.ballot_box`), and destroyed with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from moothall.core.hubs.presence import way_to

Counts = tuple[int, ...]

IN_HUB = ":hub"
"""What a count's key begins with; no intervention's name does."""
MOST_OF_HUBS = 50_000
"""Counts of a session: a hundred hubs with five hundred questions. One more is refused."""
MOST_OF_HUB = 5_000
"""Of these, from one hub and those below it. One more is refused."""


class HubBallots:
    """The counts of one session that are on the disk, by what the ballots are about."""

    def __init__(self) -> None:
        # Bound: MOST_OF_HUBS, which whoever keeps more looks at.
        self._counts: dict[str, dict[tuple[str, str], Counts]] = {}
        self._of: Counter[str] = Counter()
        """How many counts there are of each hub that is linked here, with those below it."""

    def __len__(self) -> int:
        return self._of.total()

    @property
    def counted(self) -> Iterable[str]:
        """What there are counts for."""
        return self._counts.keys()

    def get(self, what: str, hub: str, node: str) -> Counts | None:
        """The newest count of a machine; None: there is none yet."""
        return self._counts.get(what, {}).get((hub, node))

    def put(self, what: str, hub: str, node: str, counts: Counts) -> None:
        """A count is on the disk; the newest of a machine holds."""
        if self.get(what, hub, node) is None:
            self._of[way_to(hub)[0]] += 1
        self._counts.setdefault(what, {})[hub, node] = counts

    def full_for(self, hub: str) -> bool:
        """Whether no count more is kept of a hub, or of those that come by way of the same one."""
        return len(self) >= MOST_OF_HUBS or self._of[way_to(hub)[0]] >= MOST_OF_HUB

    def total(self, what: str, choices: int = 1) -> Counts:
        """Of all hubs together, a number for each of so many choices.

        Of a hub's machines the count with most ballots holds: a machine that was replaced doubles nobody.
        """
        highest: dict[str, Counts] = {}
        for (hub, _), counts in self._counts.get(what, {}).items():
            highest[hub] = max(counts, highest.get(hub, counts), key=lambda each: (sum(each), each))
        return tuple(map(sum, zip((0,) * choices, *highest.values(), strict=True)))


def key_of(what: str, hub: str, node: str) -> str:
    """The key of a count in a session's namespace; `what`, `hub` and `node` have no slash."""
    return f"{IN_HUB}/{what}/{hub}/{node}"


def read_key(rest: str) -> tuple[str, str, str]:
    """What a key names, without its beginning and the slash behind that."""
    what, hub, node = rest.split("/")
    return what, hub, node


def written(counts: Counts) -> bytes:
    """A count as the book has it."""
    return ",".join(map(str, counts)).encode()


def read_counts(stored: bytes) -> Counts:
    """A count of the book."""
    return tuple(map(int, stored.split(b",")))
