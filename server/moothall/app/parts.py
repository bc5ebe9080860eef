"""What a server consists of, each part once: its services, and what its doors share.

A module of declarations: every other part of the composition root is given them.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from moothall.adapters.admin.request import StaffPages
from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.cluster.node_gate import NodeGate
from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.places import Places
from moothall.adapters.operation.probe_door import ProbeDoor
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.app.backend import Backend
from moothall.app.translation import Translation
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.capture.ingest import Ingest
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.capture.streams import Streams
from moothall.services.cluster.read_elsewhere import ReadElsewhere
from moothall.services.control.control_room import ControlRoom
from moothall.services.engines.recognising import Recognising
from moothall.services.hubs.acts import HubActs
from moothall.services.hubs.links import HubLinks
from moothall.services.hubs.presence import HubPresence
from moothall.services.operation.draining import Draining
from moothall.services.sessions.catalogue import Catalogue
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sound.recording import Recordings
from moothall.services.supervision.pulses import Pulses
from moothall.services.translation.glossaries import Glossaries
from moothall.settings.sections import Settings


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """What runs behind the doors of a server."""

    backend: Backend
    pages: Pages
    pulses: Pulses
    recognising: Recognising
    translation: Translation
    ingest: Ingest
    live: LiveIngest
    streams: Streams
    """Sound that is fetched from streams."""
    glossaries: Glossaries
    recordings: Recordings
    sound_folder: SoundFolder
    """Where the recordings lie."""
    presence: HubPresence
    hub_acts: HubActs
    draining: Draining
    one_copy: Callable[[], bool]
    """Whether acts have one copy now, since Redis is away; never at a server alone."""
    stuck_removals: Callable[[], Mapping[str, tuple[str, ...]]] = dict
    """Names of the removals that a node can't apply, by the node's name; none at a server alone."""


async def no_other_node(_: str) -> str:
    """For a server that is alone. Raises ConfigurationError."""
    raise ConfigurationError("This server is alone: [cluster] names no Redis, and so there are no nodes.")


class Nodes(NamedTuple):
    """The other nodes of a house, as its keeper sees them."""

    gate: NodeGate
    """Lets in what they carry here."""
    elsewhere: ReadElsewhere
    """What they are told, and who reads there."""
    one_copy: Callable[[], bool] = lambda: False
    """Whether acts have one copy now, since Redis is away."""
    unconfirmed: Callable[[], Mapping[str, int]] = dict
    """How many removals each of them has not confirmed, by its name; none for those that have confirmed all."""
    stuck: Callable[[], Mapping[str, tuple[str, ...]]] = dict
    """Names of the removals that a node can't apply, this one too, by the node's name."""
    retire: Callable[[str], Awaitable[str]] = no_other_node
    """Takes a node that is gone for good out of the house, by its name; what there is to say then. Raises
    ConfigurationError, StorageUnavailable."""
    unfilled: Callable[[], int] = lambda: 0
    """How many sessions Redis lacks something of, which is being filled again."""
    faults: Callable[[], tuple[str, ...]] = tuple
    """What is wrong with Redis since the node has started, in sentences."""


class ServerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server is reached."""

    own: str
    """Where it listens, such as `http://127.0.0.1:8080`."""
    public: str
    """What links and codes say."""
    origins: frozenset[str]
    """Whose pages may send anything, exactly as browsers write them."""
    routes: tuple[str, ...] = ()
    """What is served there, such as `GET /s/{session}`."""

    @classmethod
    def of(cls, listener: socket.socket, settings: Settings) -> ServerAddress:
        """From where a server listens, and what its settings say."""
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if settings.server.tls_certificate else "http"
        own = f"{scheme}://{shown}:{port}"
        public = settings.server.public_address.rstrip("/") or own
        origins = frozenset(settings.server.origins) or frozenset({own, f"{scheme}://localhost:{port}", public})
        return cls(own=own, public=public, origins=origins)

    def serving(self, routes: Iterable[str]) -> ServerAddress:
        """The same, with what is served there."""
        return msgspec.structs.replace(self, routes=tuple(routes))


class OpenDoors(msgspec.Struct, frozen=True, kw_only=True):
    """The doors of a running server, and what they know that the operator asks for."""

    address: ServerAddress
    control: ControlRoom
    hubs: HubLinks
    probe: ProbeDoor
    readers: Readers
    connections: tuple[Places, Places]
    """Places of connections, and of requests."""
    tls: ssl.SSLContext | None


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """What the doors of a server share: its addresses, and who may come in."""

    address: ServerAddress
    address_of: AddressOf
    """Where a request comes from."""
    staff: StaffDoor
    forms: StaffPages
    catalogue: Catalogue
    access: ReaderAccess
