"""What may be followed, told in few bytes: the whole programme once, and from then on what has changed.

A conference of ten rooms has a hundred meetings in two days, and one begins or ends every few minutes. A hub that says
`Hello.changes` is told only of those.
"""

from __future__ import annotations

from moothall.wire.hub import Offered, Programme


def changes(before: Programme, after: Programme) -> Programme:
    """What to tell a hub that has `before`, so that it has `after`; both are whole."""
    known = {each.session: each for each in before.sessions}
    there = {each.session for each in after.sessions}
    return Programme(
        sessions=tuple(each for each in after.sessions if known.get(each.session) != each),
        changes=True,
        gone=tuple(session for session in known if session not in there),
    )


def changed(before: Programme | None, told: Programme) -> Programme:
    """The whole programme of a hub that had `before` and was `told`, in order of its times."""
    known = {each.session: each for each in before.sessions} if before is not None and told.changes else {}
    known |= {each.session: each for each in told.sessions}
    for session in told.gone:
        known.pop(session, None)
    return Programme(sessions=tuple(sorted(known.values(), key=_time)))


def _time(offered: Offered) -> tuple[bool, int, str]:
    """What has no time comes last."""
    return offered.begins is None, offered.begins or 0, offered.session
