"""The parts of a server: its services, and what its doors share.

The module contains only declarations; the other modules of the composition root build and use them.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from moothall.adapters.admin.request import StaffPages
from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.cluster.copies_door import NodeStateDoor
from moothall.adapters.cluster.node_gate import NodeGate
from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.slots import Slots
from moothall.adapters.operation.probe_door import ProbeDoor
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.app.backend import Backend
from moothall.app.record.proof import ProofParts
from moothall.app.translation import TranslationParts
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.attendance.reports import AttendanceReports
from moothall.services.capture.ingest import Ingest
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.capture.streams import StreamSources
from moothall.services.cluster.read_elsewhere import ReadElsewhere
from moothall.services.control.control_room import ControlRoom
from moothall.services.engines.recognising import Recognising
from moothall.services.hubs.acts import HubActs
from moothall.services.hubs.links import HubLinks
from moothall.services.hubs.presence import HubPresence
from moothall.services.operation.draining import Draining
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sound.recording import Recordings
from moothall.services.supervision.pulses import Pulses
from moothall.services.translation.glossaries import Glossaries
from moothall.settings.sections import Settings
from moothall.wire.frames import HERE, Freshness


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The services behind the doors of a server."""

    backend: Backend
    pages: Pages
    pulses: Pulses
    recognising: Recognising
    translation: TranslationParts
    ingest: Ingest
    live: LiveIngest
    streams: StreamSources
    """Fetches sound from sound streams."""
    glossaries: Glossaries
    recordings: Recordings
    sound_folder: SoundFolder
    """The folder of the recordings."""
    presence: HubPresence
    hub_acts: HubActs
    draining: Draining
    one_copy: Callable[[], bool]
    """Whether new acts are in one copy only, since Redis is away; always False for a server that is alone."""
    stuck_removals: Callable[[], Mapping[str, tuple[str, ...]]] = dict
    """The names of the removals that a node cannot apply, by the node's name; empty for a server that is alone."""


async def no_other_node(_: str) -> str:
    """Refuse to retire a node, since this server is alone. Always raises ConfigurationError."""
    raise ConfigurationError("This server is alone: [cluster] names no Redis, and so there are no nodes.")


class Nodes(NamedTuple):
    """The other nodes of a house, as its keeper sees them."""

    gate: NodeGate
    """Lets in the requests that they carry here."""
    elsewhere: ReadElsewhere
    """Sends them news, and counts who reads there."""
    answers: Callable[[], bool] = lambda: True
    """Whether this node may acknowledge anything now."""
    one_copy: Callable[[], bool] = lambda: False
    """Whether new acts are in one copy only, since Redis is away."""
    unconfirmed: Callable[[], Mapping[str, int]] = dict
    """How many removals each node has not confirmed, by its name; without nodes that have confirmed all."""
    stuck: Callable[[], Mapping[str, tuple[str, ...]]] = dict
    """The names of the removals that a node cannot apply, this node included, by the node's name."""
    retire: Callable[[str], Awaitable[str]] = no_other_node
    """Removes a node that is gone for good from the house, by its name. Returns a sentence for the operator. Raises
    ConfigurationError, StorageUnavailable."""
    unfilled: Callable[[], int] = lambda: 0
    """The number of sessions of which Redis lacks something that is being written again."""
    faults: Callable[[], tuple[str, ...]] = tuple
    """The faults of Redis since this node was started, as sentences."""
    node_state: NodeStateDoor | None = None
    """Reports to them which events and book entries this node has; None: it reports nothing."""
    source: Callable[[], Freshness] = lambda: HERE
    """How fresh the text is that its readers see."""


class ServerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of a server."""

    own: str
    """The address on which it listens, such as `http://127.0.0.1:8080`."""
    public: str
    """The address in links and QR codes."""
    origins: frozenset[str]
    """The origins whose pages may send requests, exactly as browsers write them."""
    routes: tuple[str, ...] = ()
    """The served routes, such as `GET /s/{session}`."""

    @classmethod
    def of(cls, listener: socket.socket, settings: Settings) -> ServerAddress:
        """Derive the addresses from the listener and the settings."""
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if settings.server.tls_certificate else "http"
        own = f"{scheme}://{shown}:{port}"
        public = settings.server.public_address.rstrip("/") or own
        origins = frozenset(settings.server.origins) or frozenset({own, f"{scheme}://localhost:{port}", public})
        return cls(own=own, public=public, origins=origins)

    def serving(self, routes: Iterable[str]) -> ServerAddress:
        """Return the same with `routes`."""
        return msgspec.structs.replace(self, routes=tuple(routes))


class OpenDoors(msgspec.Struct, frozen=True, kw_only=True):
    """The doors of a running server, and what they know that the operator asks for."""

    address: ServerAddress
    control: ControlRoom
    hubs: HubLinks
    probe: ProbeDoor
    readers: Readers
    connections: tuple[Slots, Slots]
    """The slots of connections, and of requests."""
    proof: ProofParts
    tls: ssl.SSLContext | None


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that the doors of a server share: its addresses, and who may enter."""

    address: ServerAddress
    address_of: AddressOf
    """Finds the client address of a request."""
    staff: StaffDoor
    forms: StaffPages
    catalogue: SessionCatalogue
    access: ReaderAccess
    attendance: AttendanceReports
