"""Authenticates captioning software by a key: in the address or in the first line, as such software expects it.

A key is derived from a role link, is valid as long as the link is, and allows sending text into the sessions that the
link allows, and nothing else. An outside tool, which has no page that could show a key, may send the token of its link
instead. A program that sends it in a header and keeps it out of addresses, as the bridge does, may do so with the token
of a captioner's or interpreter's link too. No log holds a key: logs name a request's route, never its address.
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
"""The rate of wrong keys of one address. Overflow: its wrong keys are refused as busy for a while."""
LONGEST_KEY = 100
"""The most characters of a key."""
TOOLS, WRITING = frozenset({Role.TOOL}), frozenset({Role.TOOL, Role.CAPTIONER, Role.INTERPRETER})
"""Roles whose links' tokens are taken as keys: in an address, and in a header."""
WRONG_KEY = "The key in the address is wrong, or its link was replaced or has ended. Ask for a new address."


@dataclass(eq=False, repr=False, kw_only=True)
class CaptionKeys:
    """Admits captioning software by its keys. `gate`: counts wrong keys by address."""

    links: RoleLinks
    streams: CaptionStreams
    may_act: Callable[[Staff, SessionId], bool]
    gate: AddressGate
    linked: Callable[[SessionId, str], AbstractContextManager[None]] = lambda *_: nullcontext()
    """A context manager: inside, a connection of that link to a session counts as present, so that a captioner who is
    on air through it isn't taken for gone."""

    async def open(
        self, address: str, key: str, session: str, channel: str, *, header: bool = False
    ) -> TextStream | Refusal:
        """The text stream of a key, or a refusal. A wrong key is refused as FORBIDDEN. `header`: whether the key
        came in a header.

        Without a `session` it is the session of the link. Raises StorageUnavailable and RecordBroken.
        """
        staff = self._of(key, WRITING if header else TOOLS) if 0 < len(key) <= LONGEST_KEY else None
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

    def _of(self, key: str, roles: frozenset[Role]) -> Staff | None:
        """The staff member of a key, or of the token of a link of these roles that isn't bound to one browser."""
        staff = self.links.of_captions_key(key)
        if staff is None and (entered := self.links.of_token(key)) is not None and entered.role in roles:
            return None if self.links.terms(entered.link).one_browser else entered
        return staff
