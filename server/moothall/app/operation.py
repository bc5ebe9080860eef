"""Answer the operator's commands about a running server: its status, a drain, a reload, and a pass for probes."""

from __future__ import annotations

from functools import partial

from moothall import __version__
from moothall.adapters.admin.local_door import Operations
from moothall.adapters.http.open_files import raise_open_files
from moothall.app.parts import Nodes, OpenDoors, Services, no_other_node
from moothall.app.record.proof import restore_tree
from moothall.app.reloading import Reloading
from moothall.services.control.control_room import RoomCard
from moothall.services.metrics.measures import FEWEST_READERS
from moothall.services.operation.status import NodeStatus, ServerStatus, SessionStatus, total_readers


def operations(services: Services, doors: OpenDoors, reloading: Reloading, nodes: Nodes | None = None) -> Operations:
    """Build the operations of the local door."""
    since = services.backend.clock.wall()

    def drain() -> ServerStatus:
        services.draining.begin()
        return _status(services, doors, since, nodes)

    return Operations(
        status=lambda: _status(services, doors, since, nodes),
        new_probe=doors.probe.new_pass,
        drain=drain,
        reload=reloading.reload,
        retire=no_other_node if nodes is None else nodes.retire,
        tree=partial(restore_tree, doors.proof.tree),
    )


def _status(services: Services, doors: OpenDoors, since: int, nodes: Nodes | None) -> ServerStatus:
    backend, recognising, translators = services.backend, services.recognising, services.translation.translators
    doors.control.look()
    overview = doors.control.overview
    shared = tuple(each.kind for each in overview.alarms)
    sessions = tuple(_session(card, shared) for card in doors.control.cards if card.session is not None)
    own = backend.settings.cluster
    return ServerStatus(
        release=__version__,
        address=doors.address.own,
        public=doors.address.public,
        since=since,
        at=backend.clock.wall(),
        draining=services.draining.on,
        sessions=sessions,
        readers=total_readers(sessions),
        engines=recognising.engines,
        engines_refused=recognising.refused,
        engine_room=recognising.room_left,
        translators=translators.connected,
        directions=len(translators.directions),
        hubs=tuple(each.hub for each in doors.hubs.connected),
        hubs_known=len(backend.hubs.list()),
        disk_free=overview.disk_free,
        disk_all=overview.disk_all,
        open_files=raise_open_files(),
        tree=doors.proof.tree.standing.sentence,
        unstamped=0 if doors.proof.stamps is None else doors.proof.stamps.failures,
        node=None
        if nodes is None
        else NodeStatus(
            name=own.node,
            keeper=own.node,
            keeper_address=own.address,
            one_copy=services.one_copy(),
            unconfirmed=dict(nodes.unconfirmed()),
            stuck=dict(nodes.stuck()),
            unfilled=nodes.unfilled(),
            faults=nodes.faults(),
        ),
    )


def _session(card: RoomCard, shared: tuple[str, ...]) -> SessionStatus:
    readers = sum(card.readers.values())
    return SessionStatus(
        session=card.session or "",
        title=card.title,
        place=card.place,
        status=card.status.value,
        readers=readers if readers >= FEWEST_READERS else None,
        lag_s=card.lag,
        words_age_s=card.words,
        alarms=(*shared, *(each.kind for each in card.alarms)),
    )
