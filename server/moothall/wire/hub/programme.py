"""What may be followed, told in few bytes: the whole programme once, and from then on what has changed.

A conference of ten rooms has a hundred meetings in two days, and one begins or ends every few minutes. What is too long
for one message comes in several: what is said now goes between.
"""

from __future__ import annotations

import msgspec

from moothall.wire.hub.messages import HubProgramme, Offered

MOST_BYTES = 16 << 10
"""Of what one message says, about: two seconds of 64 kbit/s, and far from the longest frame."""

_encoder = msgspec.msgpack.Encoder()


def changes(before: HubProgramme, after: HubProgramme) -> HubProgramme:
    """What to tell a hub that has `before`, so that it has `after`; both are whole."""
    known = {each.session: each for each in before.sessions}
    there = {each.session for each in after.sessions}
    return HubProgramme(
        sessions=tuple(each for each in after.sessions if known.get(each.session) != each),
        changes=True,
        gone=tuple(session for session in known if session not in there),
    )


def changed(before: HubProgramme | None, told: HubProgramme) -> HubProgramme:
    """The whole programme of a hub that had `before` and was `told`, in order of its times."""
    known = {each.session: each for each in before.sessions} if before is not None and told.changes else {}
    known |= {each.session: each for each in told.sessions}
    for session in told.gone:
        known.pop(session, None)
    return HubProgramme(sessions=tuple(sorted(known.values(), key=_time)))


def portion(told: HubProgramme, most: int = MOST_BYTES) -> HubProgramme:
    """As much of it as one message holds, one session at least; `more` where that isn't all."""
    size = 0
    for number, each in enumerate(told.sessions):
        size += len(_encoder.encode(each))
        if number and size > most:
            return msgspec.structs.replace(told, sessions=told.sessions[:number], more=True)
    return told


def _time(offered: Offered) -> tuple[bool, int, str]:
    """What has no time comes last."""
    return offered.begins is None, offered.begins or 0, offered.session
