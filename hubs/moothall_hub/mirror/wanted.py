"""Decide which sessions a hub keeps a copy of, and which of their channels. Pure.

The coordinator names the sessions; otherwise each session is kept that is on or is planned for today. A session whose
copy is unfinished is kept up to date in any case: it may have been closed while the uplink was down.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.languages import same_language
from moothall.core.kernel.times import Zone
from moothall.core.sessions.state import ON
from moothall.wire.hubs.messages import Offered

MOST = 40
"""The number of sessions that are kept up to date at once. Overflow: the sessions that begin last are left out; the
coordinator can choose."""


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """What a hub wants of one session."""

    channels: tuple[ChannelId, ...]
    words: bool = False
    """Whether partial words are wanted too, besides finished lines."""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out so that the day's data budget lasts."""

    lines_only: bool = False
    one_language: bool = False


def wanted(
    programme: Sequence[Offered],
    *,
    chosen: Collection[SessionId] | None,
    languages: Sequence[str],
    words: bool,
    saved: Saved,
    unfinished: Collection[SessionId],
    now: int,
    zone: Zone,
) -> dict[SessionId, Want]:
    """What is wanted now, by session, in the order in which sessions begin; sessions that are on come first.

    `chosen` is None where the coordinator has named no sessions. `languages` are BCP-47 tags of texts that are wanted
    beside each session's first text. `unfinished` are sessions whose copy lacks events, or that were not closed when
    they were copied last. `now` is in Unix ms.
    """
    today = zone.at(now).date()

    def concerns(each: Offered) -> bool:
        if not each.texts:
            return False  # The session has no log yet.
        if each.session in unfinished:
            return True
        if chosen is not None:
            return each.session in chosen
        moments = [moment for moment in (each.begins, each.ends) if moment is not None]
        return each.status in ON or any(zone.at(moment).date() == today for moment in moments)

    found = sorted(filter(concerns, programme), key=_order)[:MOST]
    return {
        each.session: Want(channels=texts(each, languages, saved), words=words and not saved.lines_only)
        for each in found
    }


def texts(offered: Offered, languages: Sequence[str], saved: Saved) -> tuple[ChannelId, ...]:
    """The session's first channel and those in the hub's languages; to save bytes, only one of them."""
    first = offered.texts[0].channel
    beside = [
        each.channel
        for tag in languages
        for each in offered.texts
        if any(same_language(tag, language) for language in each.languages)
    ]
    if saved.one_language:
        return (beside[0] if beside else first,)
    return tuple(dict.fromkeys((first, *beside)))


def _order(offered: Offered) -> tuple[bool, bool, int, str]:
    """The key that sorts sessions that are on first, then by the time at which they begin."""
    return offered.status not in ON, offered.begins is None, offered.begins or 0, offered.session
