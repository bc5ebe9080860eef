"""The values that desks are sent whenever they change: readers' reports, alarms, times, text quality, who asks, how far
the draft of the report is, and the next session in the room.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from moothall.app.backend import Backend
from moothall.core.kernel.ids import SessionId
from moothall.services.control.control_room import ControlRoom, gauges
from moothall.services.desks.desks import NewsOf
from moothall.services.desks.notes_and_tags import hubs, outcome, topics
from moothall.services.outcomes.outcome_logs import report_of
from moothall.services.programme.meeting_plan import left_out
from moothall.services.sessions.reports import Reports
from moothall.services.sessions.staff import covers, hub_of
from moothall.services.translation.glossaries import Glossaries


def desk_news(backend: Backend, reports: Reports, control: ControlRoom, glossaries: Glossaries) -> Mapping[str, NewsOf]:
    """Return the functions that compute these values for a session, by the name of the message part."""

    def reader_figures(session: SessionId) -> object:
        tally = reports.tally(session)
        return {
            "readers": tally.readers,
            "kinds": {
                kind.value: {"count": count, "answer": "sent" if kind in tally.unseen else "seen"}
                for kind, count in tally.counts.items()
            },
        }

    def gauged(session: SessionId) -> object:
        return next((gauges(card) for card in control.cards if card.session == session), None)

    def overrun(session: SessionId) -> object:
        found = backend.programme.overrun(session)
        return None if found is None else {"minutes": -(-found.left // 60_000)}

    def alarm(session: SessionId) -> object:
        # Alarms that have a part of their own on the page are not repeated.
        raised = [
            each for each in control.alarms_of(session) if each.kind not in ("reports", "ends-soon", "ends-now", "over")
        ]
        return msgspec.to_builtins(raised)

    def quality(session: SessionId) -> object:
        return backend.loaded(session, lambda live: msgspec.to_builtins(live.writer.quality.quality()), None)

    def proposals(session: SessionId) -> object:
        live, kept = backend.sessions.loaded(session), backend.proposals.kept(session)
        return (
            None if live is None or kept is None else {"run": kept.run, "fates": backend.proposals.fates(live.writer)}
        )

    def terms(session: SessionId) -> object:
        return backend.loaded(
            session, lambda live: msgspec.to_builtins(glossaries.for_desks(live.state, live.writer.mended_names)), None
        )

    def hub_links(session: SessionId) -> object:
        room = backend.programme.room_of(session)
        links = [each for each in backend.links.list() if covers(each.scope, session, room)]
        titles = {hub: backend.hubs.title_of(hub) or hub for each in links if (hub := hub_of(each))}
        return backend.loaded(session, lambda live: hubs(live.state, titles), None)

    def report(session: SessionId) -> object:
        return backend.loaded(session, lambda live: outcome(live.state), None)

    def taken_up(session: SessionId) -> object:
        return backend.loaded(session, lambda live: topics(live.state), None)

    def draft(session: SessionId) -> object:
        offset = backend.loaded(report_of(session), lambda live: live.writer.offset, None)
        return None if offset is None else {"offset": offset}

    def crowds(session: SessionId) -> object:
        found = backend.loaded(session, lambda live: backend.asking.addresses.crowds(session, live.state.questions), ())
        return msgspec.to_builtins(found) if found else None

    def next_session(session: SessionId) -> object:
        room = backend.programme.room_of(session)
        coming = None if room is None else backend.programme.next_in(room)
        planned = None if coming is None else backend.programme.plan_of(coming)
        out = () if room is None else left_out(backend.programme, room, backend.clock.wall())
        titles = [each.title for each in out if each.session != session]
        if planned is None and not titles:
            return None
        return {
            "session": None if planned is None else planned.session,
            "title": "" if planned is None else planned.title,
            "left_out": titles,
        }

    text = {
        "quality": quality,
        "proposals": proposals,
        "terms": terms,
        "hubs": hub_links,
        "outcome": report,
        "draft": draft,
        "topics": taken_up,
    }
    ballots = backend.ballots
    questions = {
        "balance": backend.balance.for_desks,
        "set-aside": ballots.set_aside,
        "lately": ballots.lately,
        "crowds": crowds,
    }
    return {
        "reports": reader_figures,
        "gauges": gauged,
        "overrun": overrun,
        "next-session": next_session,
        "alarm": alarm,
        **questions,
        **text,
    }
