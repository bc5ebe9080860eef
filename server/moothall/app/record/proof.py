"""The public tree of a server, what grows it, and its doors."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import NamedTuple
from urllib.parse import urlsplit

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.pages.templates import Pages
from moothall.adapters.proof.proof_door import ProofDoor, StrangersFiles
from moothall.adapters.proof.stamp_check import signer_of
from moothall.adapters.proof.stamp_http import HttpAuthority
from moothall.adapters.proof.tree_copy import tree_copy
from moothall.adapters.proof.tree_door import TreeDoor
from moothall.adapters.proof.witness_http import HttpWitnesses, WitnessDoor
from moothall.adapters.record.citing_door import CitingDoor
from moothall.adapters.record.record_door import RecordDoor
from moothall.adapters.store.signing import Ed25519Signer, ed25519
from moothall.app.backend import Backend
from moothall.core.events.types import LogKind
from moothall.core.kernel.errors import ConfigurationError, ProofBroken, StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.proof.notes import SignatureKind, VerifierKey, read_head, read_note
from moothall.core.proof.tlog_proofs import Context
from moothall.services.outcomes.outcome_logs import is_open
from moothall.services.proof.asking import AskingWitnesses
from moothall.services.proof.cosigner import Cosigner, cosigning_key, cosigning_seed
from moothall.services.proof.quoting import Quoting
from moothall.services.proof.seal_stamps import SealStamps
from moothall.services.proof.tree import PublicTree
from moothall.services.proof.tree_store import TreeStore
from moothall.services.proof.witnesses import TreeWitness, Witnesses
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.records import Records

logger = logging.getLogger(__name__)

PATH = "/log"


class ProofParts(NamedTuple):
    """The tree and what belongs to it."""

    tree: PublicTree
    witnesses: Witnesses
    stamps: SealStamps | None = None
    quoting: Quoting | None = None
    """Makes proofs; None until there are doors for them."""


def open_tree(stack: AsyncExitStack, backend: Backend, catalogue: SessionCatalogue, public: str) -> ProofParts:
    """Grow the tree of this instance until the stack unwinds. `public` is the server's public address."""

    async def enters(session: SessionId) -> bool:
        await catalogue.fill()
        entry = catalogue.known(session)
        if entry is None or entry.rehearsal:
            return False
        # A session without a text may still be deleted without a trace; a log about outcomes has none, and stays.
        return entry.channel is not None or entry.kind is not LogKind.SESSION

    tree = PublicTree(
        TreeStore(backend.book),
        backend.log,
        signer=backend.signer,
        public=backend.signer.public,
        origin=origin_of(public if backend.settings.server.public_address else "", backend.signer.key_id),
        clock=backend.clock,
        enters=enters,
        verify=ed25519,
        witnessed=bool(backend.settings.proof.witnesses),
    )
    backend.sessions.observe(lambda _, publication: tree.take(publication))
    own = backend.settings.proof
    witnesses = Witnesses(tree, [_configured(line) for line in own.witnesses], own.outside_hubs)

    async def run() -> None:
        await witnesses.load()
        await tree.run()

    backend.keep(stack, run)
    if own.witnesses:
        client = HttpWitnesses()
        stack.push_async_callback(client.close)
        backend.keep(stack, AskingWitnesses(witnesses, client, backend.clock).run)
    return ProofParts(tree, witnesses)


def _configured(line: str) -> TreeWitness:
    """A witness of the settings. Raises ConfigurationError."""
    name, vkey, url = line.split(" ")
    key = _key(vkey)
    if key.kind is not SignatureKind.COSIGNATURE:
        raise ConfigurationError(f"`witnesses` of [proof] names {name} with a key that is no witness's.")
    return TreeWitness(name=name, key=vkey, own=False, url=url)


def _key(vkey: str) -> VerifierKey:
    try:
        return VerifierKey.parse(vkey)
    except ProofBroken as error:
        raise ConfigurationError(f"A key of [proof] can't be read. {error}") from error


async def witness_doors(backend: Backend, public: str) -> tuple[WitnessDoor, ...]:
    """The door at which this server cosigns trees of other instances; none where the settings name none. `public` is
    its public address. Raises ConfigurationError, StorageUnavailable.
    """
    logs: dict[str, tuple[VerifierKey, ...]] = {}
    for vkey in backend.settings.proof.cosigns:
        key = _key(vkey)
        logs[key.name] = (*logs.get(key.name, ()), key)
    if not logs:
        return ()
    signer = Ed25519Signer.of_seed(await cosigning_seed(backend.book, backend.randomness))
    cosigner = Cosigner(backend.book, signer.sign, ed25519, backend.clock)
    key = cosigning_key(f"{urlsplit(public).netloc}/witness", signer.public)
    logger.info("this server cosigns %d trees as %s", len(logs), key)
    return (WitnessDoor(cosigner, key, logs),)


async def restore_tree(tree: PublicTree, source: str) -> str:
    """Bring a tree back that is behind what a witness has cosigned: from a copy at an address or in a folder, or, where
    `source` is empty, by a succession. Return a sentence. Raises ConfigurationError, StorageUnavailable, ProofBroken.
    """
    if source:
        async with tree_copy(source) as copy:
            taken = await tree.adopt(read_note(await copy.checkpoint()), copy.tile)
        return f"{taken} leaves were taken from the copy. The server signs again."
    if tree.state is None:
        raise StorageUnavailable("The public tree wasn't read yet. Try again in a minute.")
    if not tree.standing.behind:
        raise ConfigurationError("No witness has cosigned what this tree lacks: there is nothing to succeed.")
    base, number = tree.state.origin, tree.state.number + 1
    if tree.state.number:
        base = base.rpartition("/")[0]
    seen = read_head(read_note(tree.conflicts[-1][0]).text) if tree.conflicts else None
    await tree.succeed(f"{base}/{number}", seen)
    return f"A new tree begins, {base}/{number}. /log/successions has the signed note that says so."


def origin_of(public: str, key: str) -> str:
    """The name of a tree: the server's public address without its scheme, or a name that no server has."""
    where = urlsplit(public)
    return f"{where.netloc}{where.path.rstrip('/')}{PATH}" if where.netloc else f"moothall.invalid/{key}{PATH}"


def record_doors(
    stack: AsyncExitStack,
    backend: Backend,
    pages: Pages,
    *,
    access: ReaderAccess,
    catalogue: SessionCatalogue,
    address_of: AddressOf,
    public: str,
) -> tuple[ProofParts, tuple[TreeDoor, ProofDoor, RecordDoor, CitingDoor]]:
    """The doors of records, of their proofs and of the tree, which grows until the stack unwinds. `public` is the
    server's public address.
    """
    parts = open_tree(stack, backend, catalogue, public)
    made = Records(access, backend.log)
    records = RecordDoor(made, pages, public=lambda: public)
    backend.sessions.observe(records.observe)
    citing = CitingDoor(made, pages, public=lambda: public, publisher=lambda: backend.look.shown.name, proved=True)

    def open_to_all(session: SessionId) -> bool:
        return is_open(session, catalogue.known)

    def offsets_of(session: SessionId, segment: SegmentId) -> list[int]:
        return backend.loaded(session, lambda live: live.writer.text_offsets.of_lines([segment]), [])

    async def context_of(session: SessionId, line: SegmentId | None) -> Context:
        live = backend.sessions.loaded(session)
        channel = None if live is None else next(iter(live.fanout.channels), None)
        snapshot = None if channel is None else await access.snapshot(session, Feed(channel))
        if live is None or snapshot is None:
            return Context()
        seal, title = snapshot.session.seal, snapshot.session.title
        segment = None if line is None else live.state.segments.get(line)
        return Context(
            version="" if seal is None else seal.value,
            title=title,
            address=f"{public}/s/{session}",
            origin="" if segment is None else segment.origin.value,
        )

    quoting = Quoting(parts.tree, backend.log, clock=backend.clock, offsets_of=offsets_of, context_of=context_of)
    door = TreeDoor(parts.tree, open_to_all=open_to_all, policy=lambda: parts.witnesses.policy(f"{public}{PATH}"))
    stamps = _seal_stamps(stack, backend, quoting, catalogue)
    proofs = ProofDoor(
        pages,
        quoting,
        access,
        taken=records.taken,
        witnesses=parts.witnesses.names,
        strangers=StrangersFiles(backend.clock, backend.randomness, address_of),
        stamps=stamps,
    )
    return parts._replace(stamps=stamps, quoting=quoting), (door, proofs, records, citing)


def _seal_stamps(
    stack: AsyncExitStack, backend: Backend, quoting: Quoting, catalogue: SessionCatalogue
) -> SealStamps | None:
    """The time stamps of seals; None where the settings name no authority."""
    address = backend.settings.proof.time_stamps
    if not address:
        return None

    async def sealed_since(moment: int) -> dict[SessionId, int]:
        newest = {entry.session: entry.seals[-1] for entry in await catalogue.all() if entry.seals}
        return {session: seal.offset for session, seal in newest.items() if seal.at >= moment}

    stamps = SealStamps(
        quoting.event,
        backend.book,
        HttpAuthority(address),
        clock=backend.clock,
        randomness=backend.randomness,
        signer_of=lambda stamp: signer_of(stamp, ()),
        sealed_since=sealed_since,
    )
    backend.sessions.observe(lambda _, publication: stamps.take(publication))
    backend.keep(stack, stamps.run)
    return stamps
