"""Lets a hub on the same machine be connected with a demo: the words are in a file that only its owner can read."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from moothall.app.hall import Hall
from moothall.core.hubs.entry import Details
from moothall.core.kernel.errors import ConfigurationError, Refusal

FILE = "demo-hub.json"
"""In the data folder: `{"address", "words"}`, for `moothall hub --beside FOLDER`."""
TITLE = "Demo hub"
NAME = "demo-hub"


async def invite_hub(running: Hall, data: Path) -> None:
    """Make the hub of the demo where there is none, and new words for it. Raises ConfigurationError, NoLink."""
    if running.hubs.get(NAME) is None:
        made = await running.hubs.add(TITLE, Details())
        if isinstance(made, Refusal):
            raise ConfigurationError(made.message)
    words = await running.pairing.words(NAME)
    told = json.dumps({"address": running.address, "words": " ".join(words or ())})
    await asyncio.to_thread(_write, data / FILE, told)


def _write(path: Path, text: str) -> None:
    try:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        msg = f"{path} can't be written: {error.strerror}."
        raise ConfigurationError(msg) from error
