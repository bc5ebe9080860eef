"""Grows the public tree, signs its checkpoints, and compares it with what witnesses have seen.

A growth is one write of the book: tiles, edge, and how far each session has entered. Only when it is durable is the
checkpoint signed, and only when that is stored is it shown. A crash in between repeats the signature, which is the
same.

Leaves enter `DELAY_MS` after they were written. A log that was set back (a copy that lost its end) is known by the
digest of the last event that was looked at: the tree keeps what it has, and what took its place enters too.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.chain import SALT_BYTES, LogRecord
from moothall.core.kernel.errors import ProofBroken, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import is_public
from moothall.core.ports import Clock, LogReading, Signer
from moothall.core.proof.entries import ExportEntry, entry_of
from moothall.core.proof.hashes import (
    EMPTY_ROOT,
    HASH_BYTES,
    PerfectHash,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
)
from moothall.core.proof.notes import (
    MOST_SIGNATURES,
    NoteSignature,
    SignatureKind,
    SignedNote,
    TreeHead,
    VerifierKey,
    VerifyEd25519,
    encode64,
    read_head,
    read_note,
    sign,
)
from moothall.core.proof.tiles import ENTRIES, WIDTH, Edge, TileName, grown, hashes_of, width_in
from moothall.core.proof.witnessing import RESTORED, TreeStanding, WitnessRequest, standing
from moothall.services.log.publication import Publication
from moothall.services.proof.leaves import PAGE, TreeLeaves
from moothall.services.proof.tree_store import (
    ASKED_FIRST,
    CONFLICTS,
    FORMER,
    NOTE,
    SIGNED_AT,
    SUCCESSIONS,
    WITNESSES,
    EventSpan,
    ExportLeaf,
    SessionCursor,
    StoredTile,
    TreeState,
    TreeStore,
    conflicts_in,
    successions_in,
)

logger = logging.getLogger(__name__)

DELAY_MS = 60_000
"""How old an event is when it enters."""
EACH_MS = 60_000
"""How often the tree grows."""
MOST_LEAVES = 2_048
"""The most leaves of one growth, some 5 ms of hashing. Overflow: the others enter with the next growth, at once."""
MOST_EXPORTS = 256
"""Files that wait to enter. Overflow: the next is refused, and may be asked for again."""
MOST_CONFLICTS = 16
"""Pairs of checkpoints that are kept as evidence. Overflow: the oldest stay, since they show where it began."""

EXPORT_SALT = "moothall-export-salt-1"
"""The first line of what is signed to make a salt. No tree has this name, and the signature is given to nobody."""
SUCCESSION = "moothall-succession-1"
"""The first line of a note by which a tree is succeeded by another. It is no checkpoint's: its second line is no
number."""


class _Leaf(msgspec.Struct, frozen=True):
    hash: bytes
    session: SessionId
    epoch: Epoch
    offset: int
    """0 for a file."""
    entry: bytes = b""
    """The entry of a file."""


class _Gathered:
    """What enters with one growth."""

    def __init__(self) -> None:
        self.leaves: list[_Leaf] = []
        self.cursors: dict[SessionId, SessionCursor] = {}
        self.done: set[SessionId] = set()
        """Sessions of which nothing is left, or nothing may enter."""


class ShownTree(msgspec.Struct, frozen=True):
    """The tree as it is shown: its newest signed checkpoint."""

    number: int
    note: SignedNote
    head: TreeHead
    signed_at: int
    """When the checkpoint was signed, Unix ms."""


@dataclass(eq=False, repr=False)
class PublicTree:
    """The tree of an instance. Run `run`; `take` gets every publication."""

    store: TreeStore
    log: LogReading
    _: KW_ONLY
    signer: Signer
    public: bytes
    """The signer's raw public key."""
    origin: str
    """The name of a tree that is begun now."""
    clock: Clock
    enters: Callable[[SessionId], Awaitable[bool]]
    """Whether a session belongs to the tree: all but rehearsals."""
    verify: VerifyEd25519
    witnessed: bool = False
    """Whether the settings name witnesses; hubs are known from the book."""
    delay_ms: int = DELAY_MS
    """How old an event is when it enters."""

    def __post_init__(self) -> None:
        self.state: TreeState | None = None
        self.shown: ShownTree | None = None
        """None before the first checkpoint."""
        self.standing = TreeStanding()
        """Whether a witness has cosigned what this tree doesn't have; then nothing more is signed."""
        self.conflicts: list[tuple[bytes, bytes]] = []
        self.successions: list[bytes] = []
        self._former: dict[int, SignedNote] = {}
        """The last checkpoints of former trees, by their numbers."""
        self._cursors: dict[SessionId, SessionCursor] = {}
        # Bound: all sessions with new events.
        self._dirty: dict[SessionId, None] = {}
        self._unchecked: set[SessionId] = set()
        """Sessions whose logs may have been set back since their cursors were written."""
        self._leaves = TreeLeaves(self.store, self.log, 0)
        self._waiting: OrderedDict[str, ExportEntry] = OrderedDict()
        self._growing = asyncio.Lock()
        self._noting = asyncio.Lock()
        """Held while a checkpoint, or a cosignature of it, is stored and then shown: none takes another's place."""
        self._shown_to: list[Callable[[ShownTree], None]] = []

    def when_shown(self, tell: Callable[[ShownTree], None]) -> None:
        """Call `tell` with each new checkpoint. It must not wait."""
        self._shown_to.append(tell)

    @property
    def key(self) -> VerifierKey:
        """The key of this tree's checkpoints."""
        return VerifierKey(self.origin if self.state is None else self.state.origin, SignatureKind.NOTE, self.public)

    async def load(self) -> None:
        """Read the stored tree; begin one where there is none, which is stored with its first leaves. Raises
        StorageUnavailable, RecordBroken.
        """
        stored, rows = await self.store.state()
        state = stored or TreeState(number=0, origin=self.origin, edge=Edge(), begun=self.clock.wall())
        leaves = TreeLeaves(self.store, self.log, state.number)
        await leaves.read(state.edge.size)
        cursors, sessions = await self.store.cursors(), dict.fromkeys(await self.log.sessions())
        conflicts, successions = conflicts_in(rows), successions_in(rows)
        former = {key.removeprefix(FORMER): row for key, row in rows.items() if key.startswith(FORMER)}
        seen = NOTE in rows and (self.witnessed or WITNESSES in rows)
        asked = RESTORED if ASKED_FIRST in rows and seen else TreeStanding()
        # Nothing is set before all is read: a tree that was read in part would sign what it must not.
        self.standing = await self._still_behind(state, conflicts) or asked
        self.conflicts, self.successions = conflicts, successions
        self._former = {int(number): read_note(row) for number, row in former.items()}
        self._cursors, self._leaves = cursors, leaves
        self._dirty |= sessions
        self._unchecked = set(sessions)
        self.state = state
        if (note := rows.get(NOTE)) is not None:
            self._show(read_note(note), int(rows.get(SIGNED_AT, b"0")), tell=False)

    async def _still_behind(self, state: TreeState, conflicts: Sequence[tuple[bytes, bytes]]) -> TreeStanding | None:
        """How a stored tree stands that a witness was found to be ahead of; None where it has caught up."""
        for known, _ in conflicts:
            seen = read_head(read_note(known).text)
            if seen.origin != state.origin:
                continue
            found = await self._compared(state, TreeHead(state.origin, state.edge.size, state.edge.root), seen)
            if found.behind:
                return found
        return None

    def take(self, publication: Publication) -> None:
        """Note that a session has new events."""
        if publication.records:
            session = publication.session
            self._dirty[session] = None
            cursor = self._cursors.get(session)
            if cursor is not None and publication.records[0].header.offset <= cursor.offset:
                self._unchecked.add(session)

    async def run(self) -> None:
        """Grow each minute, until cancelled. Raises RecordBroken where the stored tree is damaged."""
        while True:
            try:
                while await self.grow():
                    await self.clock.sleep(0)
            except StorageUnavailable as error:
                logger.warning("the public tree can't grow now: %s", error)
            await self.clock.sleep(EACH_MS)

    async def grow(self) -> bool:
        """Add what is old enough, and sign; before the first time `load`. Return whether more waits. Raises
        StorageUnavailable, RecordBroken.
        """
        async with self._growing:
            if self.state is None:
                await self.load()
            state = self._state()
            if self.standing.behind:
                return False
            # Taken out first: what is published from here on puts its session in again.
            taken, self._dirty = self._dirty, {}
            gathered = _Gathered()
            stored = False
            try:
                await self._gather(tuple(taken), gathered)
                if gathered.leaves or gathered.cursors:
                    await self._add(state, gathered)
                stored = True
            finally:
                self._dirty |= {session: None for session in taken if not stored or session not in gathered.done}
            await self._sign()
            return len(gathered.leaves) >= MOST_LEAVES

    def salt_of(self, session: SessionId, channel: ChannelId, form: str, sha256: bytes) -> bytes:
        """The salt of the digest of a file: known to this server alone, and always the same, so that the file is logged
        once. Equal files of two sessions, texts or forms have two salts, and so two entries.
        """
        named = "".join(f"{each}\n" for each in (EXPORT_SALT, session, channel, form, sha256.hex()))
        return hashlib.sha256(self.signer.sign(named.encode())).digest()[:SALT_BYTES]

    def log_export(self, export: ExportEntry) -> int | None:
        """Have a file logged. Return its place in the tree that is shown; None until it is in there, and where too many
        wait. Raises StorageUnavailable before the tree is loaded.
        """
        self._state()
        place = self._leaves.place_of_export(export.digest)
        if place is not None:
            return self._if_shown(place)
        if len(self._waiting) < MOST_EXPORTS:
            self._waiting[export.digest] = export
        return None

    def export_waits(self, digest: str) -> bool:
        """Whether a file will enter."""
        return digest in self._waiting or self._is_in(digest)

    def place_of_export(self, digest: str) -> int | None:
        """The place of a file in the tree that is shown; None where it isn't in there yet. Raises StorageUnavailable
        before the tree is loaded.
        """
        self._state()
        return self._if_shown(self._leaves.place_of_export(digest))

    async def export_at(self, place: int) -> ExportEntry | None:
        """The file at a place of the tree; None where an event is there. Raises StorageUnavailable, RecordBroken."""
        return await self._leaves.export_at(place)

    async def place_of(self, session: SessionId, epoch: Epoch, offset: int) -> int | None:
        """The place of an event in the tree that is shown; None where it isn't in there yet.

        Raises StorageUnavailable, RecordBroken.
        """
        self._state()
        return self._if_shown(await self._leaves.place_of(session, epoch, offset))

    async def path_to(self, place: int, size: int) -> Sequence[bytes]:
        """The proof that a place is in the tree of `size` leaves. Raises StorageUnavailable, RecordBroken."""
        return await self._hashes(lambda perfect: inclusion_proof(place, size, perfect))

    async def request_for(self, old: int) -> WitnessRequest | None:
        """The request to a witness that knows this tree at size `old`; None before the first checkpoint, and where
        `old` is above it. Raises StorageUnavailable, RecordBroken.
        """
        shown = self.shown
        if shown is None or old > shown.head.size:
            return None
        path = await self._hashes(lambda perfect: consistency_proof(old, shown.head.size, perfect))
        own = tuple(each for each in shown.note.signatures if each.by(self.key))
        return WitnessRequest(old, tuple(path), SignedNote(shown.note.text, own))

    def checkpoint(self, tree: int) -> SignedNote | None:
        """The newest checkpoint of the present tree, or the last one of a former tree, by its number."""
        if self.shown is not None and self.shown.number == tree:
            return self.shown.note
        return self._former.get(tree)

    async def tile_bytes(self, tree: int, name: TileName) -> bytes | None:
        """The hashes of a tile of a tree up to its newest checkpoint; None where it has no such tile.

        Raises StorageUnavailable, RecordBroken.
        """
        note = self.checkpoint(tree)
        width = 0 if note is None else width_in(read_head(note.text).size, name.level, name.n)
        if name.level == ENTRIES or name.width > width:
            return None
        return (await self.store.tile(tree, name.level, name.n)).hashes[: name.width * HASH_BYTES]

    async def entries(
        self, name: TileName, open_to_all: Callable[[SessionId], bool], *, gaps: bool = False
    ) -> list[bytes] | None:
        """The entries of a bundle. None where the tree that is shown has no such bundle, and where one of its sessions
        isn't open to all; with `gaps` such entries are empty.

        Raises StorageUnavailable, RecordBroken.
        """
        size = 0 if self.shown is None else self.shown.head.size
        if name.width > width_in(size, ENTRIES, name.n):
            return None
        found = (await self._leaves.entries(name.n, open_to_all))[: name.width]
        return found if gaps or all(found) else None

    async def cosigned(self, text: str, signatures: Sequence[NoteSignature], keys: Sequence[VerifierKey]) -> bool:
        """Add cosignatures by known keys to the checkpoint that is shown. Return whether one was added. Raises
        StorageUnavailable, and ProofBroken where one doesn't fit.
        """
        good = [each for each in signatures if any(each.by(key) for key in keys)]
        if not good or self.shown is None or self.shown.note.text != text:
            return False
        for key in keys:
            SignedNote(text, tuple(good)).signed_by(key, self.verify)
        async with self._noting:
            shown = self.shown
            if shown is None or shown.note.text != text:
                return False
            note = shown.note.with_signatures(good)
            if len(note.signatures) > MOST_SIGNATURES:
                return False
            await self.store.note(bytes(note), shown.signed_at)
            self.shown = msgspec.structs.replace(shown, note=note)
        return True

    async def seen_by_witness(self, note: SignedNote | None, size: int) -> TreeStanding:
        """Compare the tree with what a witness has cosigned: its checkpoint, or its size alone. Where the witness has
        what this tree hasn't, nothing more is signed. Raises StorageUnavailable, RecordBroken, and ProofBroken where
        this server never signed that checkpoint.
        """
        state, shown = self._state(), self.shown
        own = TreeHead(state.origin, 0, EMPTY_ROOT) if shown is None else shown.head
        seen = None if note is None else read_head(note.text)
        if note is not None and seen is not None:
            if seen.origin != own.origin:
                return self.standing
            if note.signed_by(self.key, self.verify) is None:
                raise ProofBroken("The checkpoint that it names isn't signed by this server.")
        found = await self._compared(state, own, seen or size)
        if found.behind and (self.standing.asks or not self.standing.behind):
            logger.error("the public tree stands still: %s", found.sentence)
            self.standing = found
            if note is None:
                await self.store.put([(ASKED_FIRST, b"1")])
        if found.behind and note is not None and shown is not None:
            await self._evidence(note, shown.note)
        return found

    async def _compared(self, state: TreeState, own: TreeHead, seen: TreeHead | int) -> TreeStanding:
        """Compare `own` with what a witness has seen, which may be a size alone."""
        size = seen if isinstance(seen, int) else seen.size
        root = await self._root(state, size) if size <= own.size else None
        return standing(own, root, TreeHead(own.origin, size, root or b"") if isinstance(seen, int) else seen)

    async def vouched(self) -> None:
        """Go on after a restore: a witness has cosigned this tree's newest checkpoint since. Raises
        StorageUnavailable.
        """
        if self.standing.asks:
            await self.store.clear_asked_first()
            self.standing = TreeStanding()

    async def adopt(self, note: SignedNote, tile: Callable[[TileName], Awaitable[bytes]]) -> int:
        """Take the leaves that this tree lacks from a copy of it, up to the copy's checkpoint `note`; `tile` returns
        the hashes of a tile of level 0. Return how many there were.

        Only the hashes come back: what the leaves were is in no log here. Raises ProofBroken where the checkpoint isn't
        signed by this tree's key, or the copy doesn't continue this tree or lead to its root; StorageUnavailable.
        """
        async with self._growing:
            state, seen = self._state(), read_head(note.text)
            first = state.edge.size
            if note.signed_by(self.key, self.verify) is None or seen.origin != state.origin:
                raise ProofBroken(f"The copy's checkpoint isn't one of {state.origin}, signed by this server's key.")
            if seen.size <= first:
                raise ProofBroken(
                    f"The copy has {seen.size} leaves, and the tree here has {first}: nothing is missing."
                )
            leaves: list[bytes] = []
            for n in range(first // WIDTH, -(-seen.size // WIDTH)):
                hashes = hashes_of(await tile(TileName(0, n, width_in(seen.size, 0, n))))
                leaves += hashes[max(0, first - n * WIDTH) : width_in(seen.size, 0, n)]
            growth = grown(state.edge, leaves)
            if (growth.edge.size, growth.edge.root) != (seen.size, seen.root):
                raise ProofBroken("The copy doesn't continue the tree here: its hashes don't lead to its root from it.")
            tiles = {key: StoredTile(hashes) for key, hashes in growth.tiles.items()}
            if first % WIDTH:
                n = first // WIDTH
                before = await self.store.tile(state.number, 0, n)
                tiles[0, n] = StoredTile(growth.tiles[0, n], before.parts)
            after = msgspec.structs.replace(state, edge=growth.edge)
            await self.store.write(after, tiles, {})
            self.state, self.standing = after, TreeStanding()
            await self._sign()
            return len(leaves)

    async def _evidence(self, seen: SignedNote, own: SignedNote) -> None:
        pair = (bytes(seen), bytes(own))
        if pair not in self.conflicts and len(self.conflicts) < MOST_CONFLICTS:
            conflicts = [*self.conflicts, pair]
            await self.store.put([(CONFLICTS, msgspec.msgpack.encode(conflicts))])
            self.conflicts = conflicts

    async def root_at(self, size: int) -> bytes:
        """The root that the tree had at a smaller size. Raises StorageUnavailable, RecordBroken."""
        return await self._root(self._state(), size)

    async def _root(self, state: TreeState, size: int) -> bytes:
        return (await self.store.hashes(state.number, lambda perfect: [root_of(size, perfect)]))[0]

    async def succeed(self, origin: str, seen: TreeHead | None) -> SignedNote:
        """Begin another tree, by a signed note that names both, and what a witness has seen of the old one. All
        sessions enter the new tree. Raises StorageUnavailable.
        """
        async with self._growing:
            old = self._state()
            shown = TreeHead(old.origin, 0, old.edge.root) if self.shown is None else self.shown.head
            last = shown if seen is None else seen
            lines = (SUCCESSION, old.origin, shown.size, encode64(shown.root), last.size, encode64(last.root), origin)
            text = "".join(f"{line}\n" for line in (*lines, self.clock.wall() // 1_000))
            note = SignedNote(text, (sign(self.key, text, self.signer.sign),))
            state = TreeState(number=old.number + 1, origin=origin, edge=Edge(), begun=self.clock.wall())
            successions = [*self.successions, bytes(note)]
            await self.store.begin(state, [(SUCCESSIONS, msgspec.msgpack.encode(successions))])
            if self.shown is not None:
                self._former[old.number] = self.shown.note
            self.successions, self.state, self.shown = successions, state, None
            self._cursors, self._leaves = {}, TreeLeaves(self.store, self.log, state.number)
            self.standing = TreeStanding()
            self._dirty = dict.fromkeys(await self.log.sessions())
        return note

    # Growing

    def _state(self) -> TreeState:
        if self.state is None:
            raise StorageUnavailable("The public tree wasn't read yet.")
        return self.state

    async def _gather(self, sessions: Sequence[SessionId], found: _Gathered) -> None:
        """Find what is old enough to enter, as far as one growth takes it."""
        until = self.clock.wall() - self.delay_ms
        for session in sessions:
            if len(found.leaves) >= MOST_LEAVES:
                return
            try:
                if not await self.enters(session) or await self._gather_one(session, until, found):
                    found.done.add(session)
            except RecordBroken:
                logger.warning("session %s: its log can't be read, so it can't enter the public tree", session)
                found.done.add(session)
        for export in tuple(self._waiting.values())[: max(0, MOST_LEAVES - len(found.leaves))]:
            found.leaves.append(_Leaf(leaf_hash(export.entry), export.session, export.epoch, 0, export.entry))

    async def _gather_one(self, session: SessionId, until: int, found: _Gathered) -> bool:
        """Add the leaves of a session. Return whether none of its events is left."""
        leaves, cursors = found.leaves, found.cursors
        cursor = await self._cursor(session)
        while len(leaves) < MOST_LEAVES:
            page = await self.log.read(session, 0 if cursor is None else cursor.offset, PAGE)
            old = [record for record in page if record.header.at <= until]
            for record in old:
                if is_public(record.header.lane):
                    header = record.header
                    leaves.append(_Leaf(leaf_hash(entry_of(record)), session, header.epoch, header.offset))
            if old:
                last = old[-1]
                cursor = cursors[session] = SessionCursor(last.header.epoch, last.header.offset, last.digest)
            if len(old) < PAGE:
                return len(old) == len(page)
            await asyncio.sleep(0)
        return False

    async def _cursor(self, session: SessionId) -> SessionCursor | None:
        """How far a session has entered, as far as its log still has that."""
        cursor = self._cursors.get(session)
        if cursor is None or session not in self._unchecked:
            return cursor
        self._unchecked.discard(session)
        if await self._has(session, cursor.epoch, cursor.offset, lambda record: record.digest == cursor.digest):
            return cursor
        logger.warning("session %s: its log isn't the one that entered the public tree; it enters again", session)
        return await self._leaves.kept(session)

    async def _has(self, session: SessionId, epoch: Epoch, offset: int, fits: Callable[[LogRecord], bool]) -> bool:
        page = await self.log.read(session, offset - 1, 1)
        return bool(page) and (page[0].header.epoch, page[0].header.offset) == (epoch, offset) and fits(page[0])

    async def _add(self, state: TreeState, gathered: _Gathered) -> None:
        leaves, cursors = gathered.leaves, gathered.cursors
        growth = grown(state.edge, [leaf.hash for leaf in leaves])
        tiles = {key: StoredTile(hashes) for key, hashes in growth.tiles.items()}
        first = state.edge.size
        for n in sorted(n for level, n in growth.tiles if level == 0):  # None where only the places in logs moved.
            begin, end = max(first, n * WIDTH), min(first + len(leaves), (n + 1) * WIDTH)
            before = (await self.store.tile(state.number, 0, n)).parts if begin > n * WIDTH else ()
            parts = (*before, *_parts(leaves[begin - first : end - first], begin - n * WIDTH))
            tiles[0, n] = StoredTile(growth.tiles[0, n], parts)
        after = msgspec.structs.replace(state, edge=growth.edge)
        await self.store.write(after, tiles, cursors)
        self.state = after
        self._cursors |= cursors
        for (level, n), tile in tiles.items():
            if level == 0:
                self._leaves.learn(n, tile)
        waiting = self._waiting.items()
        self._waiting = OrderedDict((name, each) for name, each in waiting if not self._is_in(name))

    async def _sign(self) -> None:
        """Sign and show the stored tree, if it isn't; not where a witness was found to be ahead meanwhile."""
        async with self._noting:
            state = self._state()
            if self.standing.behind or state.edge.size == (0 if self.shown is None else self.shown.head.size):
                return
            text = TreeHead(state.origin, state.edge.size, state.edge.root).text
            note = SignedNote(text, (sign(self.key, text, self.signer.sign),))
            at = self.clock.wall()
            await self.store.note(bytes(note), at)
            self._show(note, at)

    def _is_in(self, digest: str) -> bool:
        return self._leaves.place_of_export(digest) is not None

    def _if_shown(self, place: int | None) -> int | None:
        return place if place is not None and self.shown is not None and place < self.shown.head.size else None

    async def _hashes(self, make: Callable[[PerfectHash], list[bytes]]) -> list[bytes]:
        return await self.store.hashes(self._state().number, make)

    def _show(self, note: SignedNote, signed_at: int, *, tell: bool = True) -> None:
        self.shown = ShownTree(self._state().number, note, read_head(note.text), signed_at)
        for told in self._shown_to if tell else ():
            told(self.shown)


def _parts(leaves: Sequence[_Leaf], start: int) -> list[EventSpan | ExportLeaf]:
    """What consecutive leaves of a tile are, the first at the place `start`."""
    found: list[EventSpan | ExportLeaf] = []
    for at, leaf in enumerate(leaves, start):
        before = found[-1] if found else None
        if leaf.entry:
            found.append(ExportLeaf(at, leaf.session, leaf.entry))
        elif (
            isinstance(before, EventSpan)
            and (before.session, before.epoch) == (leaf.session, leaf.epoch)
            and before.offsets[-1] < leaf.offset
        ):
            found[-1] = msgspec.structs.replace(before, offsets=(*before.offsets, leaf.offset))
        else:
            found.append(EventSpan(at, leaf.session, leaf.epoch, (leaf.offset,)))
    return found
