"""A hub as a witness of the centre's public tree: it answers the requests that come over its link.

It believes the keys of its pairing alone. Its own key is in its book, since a hub has to run on systems where a data
folder has no other secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from moothall.adapters.store.signing import Ed25519Signer, ed25519, public_keys
from moothall.core.kernel.errors import ConfigurationError, ProofBroken, StorageUnavailable
from moothall.core.ports import Book, Clock, Randomness
from moothall.core.proof.notes import SignatureKind, SignedNote, VerifierKey
from moothall.core.proof.witnessing import WitnessStatus
from moothall.services.proof.cosigner import Cosigner, cosigning_key, cosigning_seed
from moothall.wire.hubs.messages import AddCheckpoint, CheckpointAnswer
from moothall_hub.pairing.pairing import Pairing

logger = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class HubWitness:
    """Answers the centre's requests. Its key is made when it is first asked: a hub has to start on a full disk too."""

    book: Book
    randomness: Randomness
    pairing: Callable[[], Pairing | None]
    """Returns the present pairing, whose keys are believed."""
    clock: Clock
    """This machine's."""

    def __post_init__(self) -> None:
        self._opened: tuple[Cosigner, bytes] | None = None
        """The state, and the public key."""

    async def answer(self, asked: AddCheckpoint) -> CheckpointAnswer:
        """Judge a checkpoint, and cosign it if it continues the known one."""
        pairing = self.pairing()
        if pairing is None:
            return CheckpointAnswer(number=asked.number, status=WitnessStatus.UNKNOWN)

        def logs(origin: str) -> tuple[VerifierKey, ...]:
            return tuple(VerifierKey(origin, SignatureKind.NOTE, public) for public in public_keys(pairing.keys))

        try:
            cosigner, public = await self._open()
            key = cosigning_key(_name(pairing), public)
            found = await cosigner.cosign(asked.request, key, logs)
        except (StorageUnavailable, ProofBroken, ConfigurationError) as error:
            logger.warning("a checkpoint of the centre's tree can't be cosigned now: %s", error)
            return CheckpointAnswer(number=asked.number, status=503)
        if found.sentence:
            logger.warning("a checkpoint of the centre's tree isn't cosigned: %s", found.sentence)
        return CheckpointAnswer(
            number=asked.number,
            status=found.status,
            lines=found.lines,
            size=found.size,
            known=found.known,
            key=str(key),
        )

    async def conflicts(self) -> list[tuple[SignedNote, SignedNote]]:
        """Pairs of checkpoints, both signed by the centre, of which the second doesn't continue the first. Raises
        StorageUnavailable.
        """
        cosigner, _ = await self._open()
        return await cosigner.conflicts()

    async def _open(self) -> tuple[Cosigner, bytes]:
        if self._opened is None:
            signer = Ed25519Signer.of_seed(await cosigning_seed(self.book, self.randomness))
            self._opened = Cosigner(self.book, signer.sign, ed25519, self.clock), signer.public
        return self._opened


def _name(pairing: Pairing) -> str:
    """The name of this witness: the centre's address and the hub's name there."""
    return f"{urlsplit(pairing.public or pairing.address).netloc}/hub/{pairing.hub}"
