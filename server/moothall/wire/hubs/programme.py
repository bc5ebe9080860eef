"""The sessions that a hub may follow, sent in few bytes: the whole programme once, and then only changes.

A conference of ten rooms has a hundred meetings in two days, and one begins or ends every few minutes. A programme that
is too long for one message is split into several, between which live events can be sent.
"""

from __future__ import annotations

import msgspec

from moothall.wire.hubs.messages import HubProgramme, Offered

MOST_BYTES = 16 << 10
"""Approximate limit of one message, in bytes: two seconds at 64 kbit/s, and far below the longest frame."""

_encoder = msgspec.msgpack.Encoder()


def changes(before: HubProgramme, after: HubProgramme) -> HubProgramme:
    """The message that turns a hub's whole programme `before` into the whole programme `after`."""
    known = {each.session: each for each in before.sessions}
    there = {each.session for each in after.sessions}
    return HubProgramme(
        sessions=tuple(each for each in after.sessions if known.get(each.session) != each),
        changes=True,
        gone=tuple(session for session in known if session not in there),
    )


def changed(before: HubProgramme | None, told: HubProgramme) -> HubProgramme:
    """The whole programme, in order of time, of a hub that had `before` (None: nothing yet) and received `told`."""
    known = {each.session: each for each in before.sessions} if before is not None and told.changes else {}
    known |= {each.session: each for each in told.sessions}
    for session in told.gone:
        known.pop(session, None)
    return HubProgramme(sessions=tuple(sorted(known.values(), key=_time)))


def portion(told: HubProgramme, most: int = MOST_BYTES) -> HubProgramme:
    """The first sessions of a programme, at least one, that fit into `most` bytes; with `more` if others are left."""
    size = 0
    for number, each in enumerate(told.sessions):
        size += len(_encoder.encode(each))
        if number and size > most:
            return msgspec.structs.replace(told, sessions=told.sessions[:number], more=True)
    return told


def _time(offered: Offered) -> tuple[bool, int, str]:
    """The sort key of a session: by its planned beginning; sessions without a time come last."""
    return offered.begins is None, offered.begins or 0, offered.session
