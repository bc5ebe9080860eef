"""Build the hub side of the centre: registry, pairing, pages of hubs, the public list, and the door of hub links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from aiohttp import web

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.hubs.admin_door import HubAdminDoor
from moothall.adapters.hubs.hub_map import HubMap, read_gazetteer
from moothall.adapters.hubs.link_door import TRIES, TRIES_PATIENCE_MS, HubDoor
from moothall.adapters.hubs.list_door import HubListDoor
from moothall.adapters.hubs.page_door import HubPageDoor
from moothall.adapters.hubs.pair_door import HubPairDoor
from moothall.adapters.pages.qr import qr_svg
from moothall.adapters.pages.templates import Pages
from moothall.adapters.store.files import read_text, shipped
from moothall.adapters.system.time_zones import find_zone
from moothall.app.backend import Backend
from moothall.app.parts import Entrance, Services
from moothall.core.hubs.gazetteer import MOST_BYTES, Gazetteer
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.hubs.acts import HubActs
from moothall.services.hubs.links import Connected, HubFollowed, HubLinks
from moothall.services.hubs.ports import ActTaker, ConferenceInfo, Pack, Registry
from moothall.services.hubs.presence import HubPresence
from moothall.services.hubs.signals import HubSignals, SoundWatch
from moothall.services.hubs.source import CentreSource
from moothall.services.hubs.translating import TranslateForHub, none_translated
from moothall.services.proof.witnesses import Witnesses
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.settings.sections import Conference
from moothall.wire.hubs.records import pack


def hub_doors(
    services: Services, entrance: Entrance, linked: Callable[[], tuple[Connected, ...]]
) -> Sequence[web.RouteDef]:
    """The routes of the hub pages. `linked` gives the hubs whose machine has a link."""
    backend, pages, catalogue = services.backend, services.pages, entrance.catalogue
    world = hub_map(backend.settings.conference, pages)

    admin = HubAdminDoor(
        pages=entrance.forms,
        hubs=backend.hubs,
        pairing=backend.pairing,
        zone=backend.programme.zone,
        zones=find_zone,
        public=entrance.address.public,
        qr_svg=qr_svg,
        removals=backend.hub_removals.list,
        title_of=lambda session: catalogue.title_of(session) or session,
        linked=linked,
        world=world,
    )
    pair = HubPairDoor(
        pages,
        backend.pairing,
        staff=entrance.staff,
        clock=backend.clock,
        randomness=backend.randomness,
        keys=backend.signer.public_document(),
        public=entrance.address.public,
        address_of=entrance.address_of,
    )
    page = HubPageDoor(
        pages=entrance.forms,
        hubs=backend.hubs,
        sessions=backend.sessions,
        programme=backend.programme,
        asking=backend.asking,
        entries=catalogue.meetings,
        zones=find_zone,
        clock=backend.clock,
        randomness=backend.randomness,
    )
    return [route for door in (admin, pair, page, HubListDoor(pages, backend.hubs, world)) for route in door.routes()]


def hub_map(conference: Conference, pages: Pages) -> HubMap | None:
    """The map of hubs, with the table of places that the settings name or that is shipped with this release; None where
    no map is wanted. Raises ConfigurationError.
    """
    places = gazetteer(conference)
    return None if places is None else HubMap(places, pages.static)


def gazetteer(conference: Conference) -> Gazetteer | None:
    """Read the table of places; None where no map is wanted. Raises ConfigurationError."""
    if not conference.map:
        return None
    file = Path(conference.places) if conference.places else shipped("config/places.toml")
    if file is None:
        msg = "config/places.toml is missing: neither the checkout nor the installed package has it. Install it again."
        raise ConfigurationError(msg)
    text = read_text(file)
    if (size := len(text.encode())) > MOST_BYTES:
        raise ConfigurationError(f"{file} has {size} bytes; a table of places has at most {MOST_BYTES}.")
    return read_gazetteer(text, str(file))


def hub_door(
    backend: Backend,
    *,
    registry: Registry,
    acts: ActTaker,
    catalogue: SessionCatalogue,
    pack: Pack,
    public: str,
    address_of: AddressOf,
    signals: HubSignals | None = None,
    translate: TranslateForHub = none_translated,
    witnesses: Witnesses | None = None,
) -> tuple[HubDoor, HubLinks]:
    """Return the door of hub links and the links that it serves. Close the door before the backend.

    `catalogue` must already get all publications. `public` is the centre's public web address.
    """
    programme = backend.programme

    source = CentreSource(
        backend.sessions,
        backend.log,
        backend.clock,
        catalogue=catalogue,
        planned=programme.planned,
        place=backend.place,
    )
    keys = msgspec.json.encode(backend.signer.public_document())
    links = HubLinks(
        source,
        acts,
        registry,
        backend.clock,
        pack=pack,
        about=lambda: ConferenceInfo(keys=keys, zone=programme.zone().name, address=public),
        above=(backend.signer.key_id,),  # An installation has one key and keeps it.
        removals=backend.hub_removals,
        signals=signals or HubSignals(),
        translate=translate,
        witnesses=witnesses,
        tracing=backend.measures.tracing,
    )
    gate = AddressGate(backend.clock, backend.randomness, TRIES, TRIES_PATIENCE_MS)
    return HubDoor(links, registry, gate, address_of=address_of), links


def open_hub_link(
    stack: AsyncExitStack, services: Services, entrance: Entrance, translate: TranslateForHub, witnesses: Witnesses
) -> tuple[HubDoor, HubLinks]:
    """Open the door of hub links, connected with registry, presence, translation and the witnesses of the public tree,
    until the stack unwinds.
    """
    backend, presence, signals = services.backend, services.presence, HubSignals()
    watch = SoundWatch(signals, backend.sessions, backend.clock)
    door, links = hub_door(
        backend,
        registry=backend.hubs,
        signals=signals,
        translate=translate,
        witnesses=witnesses,
        acts=services.hub_acts,
        catalogue=entrance.catalogue,
        pack=pack,
        public=entrance.address.public,
        address_of=entrance.address_of,
    )
    backend.hubs.when_removed(witnesses.gone)
    services.translation.translating.hear_elsewhere(links.reads)
    backend.hubs.hear_followed(lambda: {each.hub: each.sessions for each in links.connected})
    followed = HubFollowed(lambda: links.connected, presence.follows, backend.clock, relinked=presence.relinked)
    backend.keep(stack, followed.run, watch.run)
    return door, links


def open_presence(stack: AsyncExitStack, backend: Backend) -> tuple[HubPresence, HubActs]:
    """Build hub presence and the handler of hubs' acts, connect both with the registry, and run them."""
    hubs = backend.hubs
    presence = HubPresence(
        backend.sessions, clock=backend.clock, randomness=backend.randomness, has_machine=hubs.has_machine
    )
    hubs.when_seen(presence.connected)
    hubs.when_counted(presence.counted)
    hubs.when_removed(presence.removed)
    hubs.when_retitled(presence.retitled)
    acts = HubActs(
        backend.sessions,
        asking=backend.asking,
        ballots=backend.ballots,
        opinions=backend.opinions,
        presence=presence,
        clock=backend.clock,
        title_of=hubs.title_of,
        count=hubs.keep_count,  # The act itself notes the count in the log.
    )
    backend.keep(stack, presence.run)
    return presence, acts
