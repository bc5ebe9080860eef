"""The witnesses of this instance's tree: hubs over their links, and others over HTTP; what each has cosigned.

Any hub of this operator vouches as much as all of them: the policy that is offered has them as one group, of which one
counts once, and never as the whole quorum.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.notes import (
    MOST_SIGNATURES,
    SignatureKind,
    SignedNote,
    VerifierKey,
    read_note,
    read_signatures,
)
from moothall.core.proof.tlog_proofs import InclusionProof
from moothall.core.proof.witnessing import WitnessStatus
from moothall.services.proof.tree import PublicTree
from moothall.services.proof.tree_store import WITNESSES

logger = logging.getLogger(__name__)

MOST_WITNESSES = MOST_SIGNATURES - 1
"""Most witnesses. Overflow: a further hub is not asked, since a note has so many signatures besides the log's own."""


class TreeWitness(msgspec.Struct, frozen=True, kw_only=True):
    """A witness."""

    name: str
    """Its name in the policy: that of a hub, or of the settings."""
    key: str
    """Its vkey."""
    own: bool
    """Whether it is of this operator."""
    url: str = ""
    """Its address; empty for a hub, which dials this server."""


class Witnesses:
    """All witnesses, and what each is known to have cosigned. Call `load` once the tree is loaded."""

    def __init__(self, tree: PublicTree, configured: Sequence[TreeWitness] = (), outside: Sequence[str] = ()) -> None:
        """`configured`: witnesses that the settings name. `outside`: names of hubs that another operator runs."""
        self.tree = tree
        self._outside = frozenset(outside)
        self._known = {each.name: each for each in configured}
        self._hubs: dict[str, str] = {}
        """The vkeys of hubs, by their names."""
        self._sizes: dict[str, int] = {}
        """The size that each has cosigned last, as far as that is known."""
        self._unsaved = False

    @property
    def all(self) -> tuple[TreeWitness, ...]:
        """All witnesses: those of the settings first."""
        hubs = (TreeWitness(name=hub, key=key, own=hub not in self._outside) for hub, key in sorted(self._hubs.items()))
        return (*self._known.values(), *hubs)

    async def load(self) -> None:
        """Read which hubs have cosigned before. Raises StorageUnavailable."""
        _, rows = await self.tree.store.state()
        if (row := rows.get(WITNESSES)) is not None:
            self._hubs |= msgspec.json.decode(row, type=dict[str, str])

    async def hub(self, name: str, vkey: str) -> bool:
        """Learn the key of a hub. Return whether it is asked. Raises StorageUnavailable."""
        try:
            key = VerifierKey.parse(vkey)
        except ProofBroken:
            logger.warning("hub %s: the key for its cosignatures can't be read", name)
            return False
        if key.kind is not SignatureKind.COSIGNATURE or (name not in self._hubs and len(self.all) >= MOST_WITNESSES):
            return False
        if self._hubs.get(name) != vkey:
            self._hubs[name] = vkey
            self._sizes.pop(name, None)
            await self._save()
        return True

    def gone(self, name: str) -> None:
        """Forget a hub that was taken out of the registry; `request` stores that."""
        self._unsaved = self._hubs.pop(name, None) is not None or self._unsaved
        self._sizes.pop(name, None)

    async def request(self, name: str) -> bytes | None:
        """What a witness is asked; None where it has cosigned the newest checkpoint, or there is none yet.

        Raises StorageUnavailable, RecordBroken.
        """
        if self._unsaved:
            await self._save()
        shown, how = self.tree.shown, self.tree.standing
        if shown is None or (how.behind and not how.asks) or (self._cosigned_by(name, shown.note) and not how.asks):
            return None
        request = await self.tree.request_for(self._sizes.get(name, 0))
        return None if request is None else bytes(request)

    async def answered(self, name: str, request: bytes, status: int, lines: str, *, size: int, known: bytes) -> bool:
        """Take a witness's answer to a request: signatures, or the size and the checkpoint that it knows. Return
        whether it should be asked again at once. Raises StorageUnavailable, RecordBroken.
        """
        try:
            if status == 200:
                await self._signed(name, request, lines)
                return False
            seen = read_note(known) if known else None
            found = await self.tree.seen_by_witness(seen, size)
        except ProofBroken as error:
            logger.warning("witness %s: its answer can't be used: %s", name, error)
            return False
        before, self._sizes[name] = self._sizes.get(name), size
        if status != WitnessStatus.OTHER_SIZE:
            logger.warning("witness %s doesn't cosign, with status %d", name, status)
        return status == WitnessStatus.OTHER_SIZE and not found.behind and before != size

    def names(self, proof: InclusionProof) -> list[str]:
        """Who else has cosigned the checkpoint of a proof: hubs of this operator vouch for nobody but itself."""
        return [each.name for each in self.all if not each.own and self._cosigned_by(each.name, proof.note)]

    def policy(self, address: str) -> str:
        """A policy file to begin with; `address` is the tree's. Raises ProofBroken."""
        lines = [
            "# As this server offers it. Find out who these witnesses are before you rely on it, and keep a copy.",
            f"log {self.tree.key} {address}",
            *(f"witness {_plain(each.name)} {each.key} {each.url}".rstrip() for each in self.all),
        ]
        own, outside = ([_plain(each.name) for each in self.all if each.own is kind] for kind in (True, False))
        if own:
            lines.append(f"group own-hubs any {' '.join(own)}")
        if outside:
            lines += [f"group others any {' '.join(outside)}", "quorum others"]
        else:
            lines += ["# Hubs of one operator are no quorum by themselves.", "quorum none"]
        return "".join(f"{line}\n" for line in lines)

    async def _save(self) -> None:
        await self.tree.store.put([(WITNESSES, msgspec.json.encode(self._hubs))])
        self._unsaved = False

    async def _signed(self, name: str, request: bytes, lines: str) -> None:
        key = next((VerifierKey.parse(each.key) for each in self.all if each.name == name), None)
        text = request.decode().partition("\n\n")[2].partition("\n\n")[0] + "\n"
        signatures = read_signatures(lines)
        if key is None or not any(each.by(key) for each in signatures):
            raise ProofBroken("It has no signature by the key of the witness.")
        if await self.tree.cosigned(text, signatures, [key]):
            self._sizes[name] = int(text.split("\n")[1])
            await self.tree.vouched()

    def _cosigned_by(self, name: str, note: SignedNote) -> bool:
        key = next((VerifierKey.parse(each.key) for each in self.all if each.name == name), None)
        return key is not None and any(each.by(key) for each in note.signatures)


def _plain(name: str) -> str:
    """A name as a policy may have it, which can't be taken for one of its words."""
    return f"w-{name}"
