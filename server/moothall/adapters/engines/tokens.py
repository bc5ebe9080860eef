"""The tokens of engines, which can change while engines are connected: one whose token is gone is cut off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from moothall.adapters.engines.link import Holder


class Admitted(Protocol):
    """A link that was let in."""

    holder: Holder
    token: str

    def cut(self) -> None:
        """End it at once."""
        ...


class EngineTokens:
    """The server's own token, and those of engines and translators elsewhere."""

    def __init__(self, own: str, holder: Holder, others: Mapping[str, Holder]) -> None:
        self.own = own
        """The token of the server's own processes."""
        self._own = {own: holder}
        self._all = {**others, **self._own}
        # Bound: the engines that there are.
        self.admitted: set[Admitted] = set()
        """Links that are open, for `link.serve_engines`."""

    def __call__(self) -> Mapping[str, Holder]:
        """Those that are good at the moment."""
        return self._all

    def change(self, others: Mapping[str, Holder]) -> None:
        """Other ones from now on. Links whose token is gone, or is for something else now, are cut."""
        self._all = {**others, **self._own}
        for each in tuple(self.admitted):
            if self._all.get(each.token) != each.holder:
                each.cut()
