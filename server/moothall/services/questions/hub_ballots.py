"""Stores what people in the rooms of hubs have chosen: absolute counts, one from each machine of a hub.

A count has a number for each possible choice: one for *I'd ask this too*, one per option for a show of hands, three for
a comment that was put to the vote. Counts
are stored with a session's ballots (`moothall.services.questions.ballot_box`), and destroyed with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from moothall.core.hubs.presence import way_to

Counts = tuple[int, ...]

IN_HUB = ":hub"
"""The prefix of a count's key; no intervention's id begins like this."""
MOST_OF_HUBS = 50_000
"""Most counts of a session: a hundred hubs with five hundred questions. Overflow: refused."""
MOST_OF_HUB = 5_000
"""Most counts from one hub and those below it. Overflow: refused."""


class HubBallots:
    """The counts of one session that are on the disk, by subject."""

    def __init__(self) -> None:
        # Bound: MOST_OF_HUBS, which callers check by `full_for` before they add one.
        self._counts: dict[str, dict[tuple[str, str], Counts]] = {}
        self._of: Counter[str] = Counter()
        """The number of counts from each hub that is linked here, including those below it."""

    def __len__(self) -> int:
        return self._of.total()

    @property
    def counted(self) -> Iterable[str]:
        """The subjects that have counts."""
        return self._counts.keys()

    def get(self, what: str, hub: str, node: str) -> Counts | None:
        """The newest count of a machine; None where there is none."""
        return self._counts.get(what, {}).get((hub, node))

    def changed(self, counts: Mapping[str, Counts], hub: str, node: str) -> dict[str, Counts]:
        """Those of a machine's counts, by subject, that differ from its stored ones; where none is stored that is 0."""
        return {what: each for what, each in counts.items() if each != (self.get(what, hub, node) or (0,) * len(each))}

    def put(self, what: str, hub: str, node: str, counts: Counts) -> None:
        """Add a count that is on the disk, in place of the machine's earlier one."""
        if self.get(what, hub, node) is None:
            self._of[way_to(hub)[0]] += 1
        self._counts.setdefault(what, {})[hub, node] = counts

    def full_for(self, hub: str, more: int = 1) -> bool:
        """Whether no `more` counts can be stored from this hub, or from others linked through the same hub."""
        return len(self) + more > MOST_OF_HUBS or self._of[way_to(hub)[0]] + more > MOST_OF_HUB

    def by_hub(self, what: str) -> dict[str, Counts]:
        """The counts of each hub. Of several machines of a hub the count with most ballots is used, so that a replaced
        machine doubles nobody.
        """
        highest: dict[str, Counts] = {}
        for (hub, _), counts in self._counts.get(what, {}).items():
            highest[hub] = max(counts, highest.get(hub, counts), key=lambda each: (sum(each), each))
        return highest

    def total(self, what: str, choices: int = 1) -> Counts:
        """The sum over all hubs, a number for each of `choices` choices."""
        return tuple(map(sum, zip((0,) * choices, *self.by_hub(what).values(), strict=True)))


def key_of(what: str, hub: str, node: str) -> str:
    """The key of a count in a session's namespace; `what`, `hub` and `node` contain no slash."""
    return f"{IN_HUB}/{what}/{hub}/{node}"


def read_key(rest: str) -> tuple[str, str, str]:
    """Split a key into subject, hub and node. `rest`: the key without `IN_HUB` and its slash."""
    what, hub, node = rest.split("/")
    return what, hub, node


def written(counts: Counts) -> bytes:
    """Encode a count for the book."""
    return ",".join(map(str, counts)).encode()


def read_counts(stored: bytes) -> Counts:
    """Decode a count from the book."""
    return tuple(map(int, stored.split(b",")))
