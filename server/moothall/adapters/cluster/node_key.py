"""The key that the nodes of one house share, in a file at each of them. Whoever has it may say who any visitor is."""

from __future__ import annotations

import logging
from pathlib import Path

from moothall.adapters.store.files import explained, read_text, write_new
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import Randomness
from moothall.wire.node_proof import KEY_BYTES, key_text, read_key

logger = logging.getLogger(__name__)


def open_key(path: Path, randomness: Randomness) -> bytes:
    """The key in the file at `path`, made where there is no file: the first node makes it, the others are given it.

    Raises ConfigurationError when the file can't be read or written, or holds something else.
    """
    with explained(f"The key of the nodes {path} can't be made"):
        if not path.exists():
            write_new(path, key_text(randomness.bytes(KEY_BYTES)).encode())
    text = read_text(path)
    with explained(f"The key of the nodes {path} can't be read"):
        if path.stat().st_mode & 0o077:
            logger.warning("users other than its owner can read the key of the nodes; remove their access")
    try:
        return read_key(text)
    except ValueError as error:
        msg = f"{path} holds no key of nodes: {error} Copy the file from a node of this house as it is."
        raise ConfigurationError(msg) from error
