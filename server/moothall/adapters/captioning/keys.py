"""Who may send captions: a key in the address, or in the first line, as the conventions of captioning software want it.

A key is made from a role link, goes with it, and lets send text into the sessions that the link reaches, and no more.
An outside tool, which has no page that could show one, may send the token of its link instead.
It stands in no log: of a request the route is named, never the address.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from moothall.adapters.http.limits import AddressGate
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import SessionId
from moothall.services.captioning.caption_streams import CaptionStreams, TextStream
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import Staff
from moothall.wire.token_bucket import Allowance

WRONG_KEYS = Allowance(per_second=1, burst=60)
"""Wrong keys of one address. Overflow: no key of it is looked at for a while."""
LONGEST_KEY = 100
"""Characters."""
WRONG_KEY = "The key in the address is wrong, or its link was replaced or has ended. Ask for a new address."


@dataclass(eq=False, repr=False, kw_only=True)
class CaptionKeys:
    """Lets captioning software in. `gate` counts wrong keys."""

    links: RoleLinks
    streams: CaptionStreams
    may_act: Callable[[Staff, SessionId], bool]
    gate: AddressGate
    linked: Callable[[SessionId, str], AbstractContextManager[None]] = lambda *_: nullcontext()
    """While inside, a connection of that link to a session is there: whoever is on air by it is not gone."""

    async def open(self, address: str, key: str, session: str, channel: str) -> TextStream | Refusal:
        """The stream that a key stands for; the refusal of a wrong key has the code FORBIDDEN.

        Where no session is named, it is that of the link. Raises StorageUnavailable and RecordBroken.
        """
        staff = self._of(key) if 0 < len(key) <= LONGEST_KEY else None
        if staff is None:
            if self.gate.take(address):
                return refuse(RefusalCode.BUSY, "Too many wrong keys came from your address. Wait a minute.")
            return refuse(RefusalCode.FORBIDDEN, WRONG_KEY)
        kind, _, own = staff.scope.partition(":")
        name = session or (own if kind == "session" else "")
        if not name:
            return refuse(RefusalCode.INVALID, "The address has to name the session: add '&session=' and its name.")
        if not self.may_act(staff, SessionId(name)):
            return refuse(RefusalCode.FORBIDDEN, "This key is not for that session.")
        return await self.streams.open(staff, SessionId(name), channel)

    def _of(self, key: str) -> Staff | None:
        staff = self.links.of_captions_key(key)
        if staff is None and (tool := self.links.of_token(key)) is not None and tool.role is Role.TOOL:
            return tool
        return staff
