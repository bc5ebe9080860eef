"""The keys by which a hub verifies copies: those of the pairing, and later ones that the centre has added.

A later document is believed where the line is https, as the first one was. On plain http whoever sits on the line could
put in keys of their own: there those of the pairing stay, and after the centre has changed its key the hub is paired
anew.
"""

from __future__ import annotations

import logging

from moothall.adapters.store.signing import verifier
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.record.verify import VerifySignature
from moothall_hub.pairing.pairing import Pairing, Pairings

logger = logging.getLogger(__name__)


class CentreKeys:
    """The public keys that a hub accepts signatures of, and the rule by which later keys are added."""

    def __init__(self, pairings: Pairings) -> None:
        self._pairings = pairings
        self._made: tuple[Pairing, VerifySignature] | None = None

    def signed(self, key: str, message: bytes, signature: bytes) -> bool:
        """Whether the centre's key of that id made the signature; `VerifySignature`."""
        pairing = self._pairings.now
        if pairing is None:
            return False
        if self._made is None or self._made[0] is not pairing:
            try:
                self._made = (pairing, verifier(pairing.keys))
            except ConfigurationError:
                logger.error("the centre's public keys can't be read: pair the hub again")
                return False
        return self._made[1](key, message, signature)

    async def told(self, document: bytes) -> None:
        """The server above says which keys the centre has now. Raises StorageUnavailable."""
        pairing = self._pairings.now
        if pairing is None or not pairing.address.startswith("https://"):
            return
        try:
            keys = read_json(document, dict)
            verifier(keys)
        except (Unreadable, ConfigurationError):
            logger.warning("the public keys that the server above tells of can't be read")
            return
        if keys != pairing.keys and keys.get("keys"):
            await self._pairings.renew_keys(keys)
            logger.info("the centre has other public keys")
