"""Decodes one audio file to PCM16, 16 kHz, mono. Runs as a process of its own, because files come from strangers.

    python -m moothall.adapters.sound.decode_child ORDER     file on descriptor 0, samples to 1, messages to 2

These measures keep a bad file from doing harm: the file is an open descriptor without a name; no further descriptor can
be opened (so no other file and no socket); nothing can be written except to the two pipes; memory and output are
capped; CPU time is granted by what has been decoded. Playlists, concatenations and devices are also refused by name.
The pipe blocks the decoder when nobody reads, and ends it when the reader is gone.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
import sys
from contextlib import suppress

import msgspec

from moothall.adapters.sound.child_messages import AudioEnded, DecodeRequest, Limits
from moothall.adapters.sound.decoding import decode

NOT_DECODING = ("av.__main__", "av.about", "av.datasets")
"""Parts of PyAV that are programs or load samples from the network with `urllib`: half of the time that loading all
would take.
"""


def limit(kind: int, soft: int, hard: int) -> None:
    """Limit a resource of this process, where the system permits it."""
    with suppress(ValueError, OSError):  # macOS refuses some limits
        resource.setrlimit(kind, (soft, hard))


def load_library() -> None:
    """Import all of PyAV, which otherwise imports parts on first use, when no file can be opened any more."""
    with suppress(ImportError):  # `decode` reports that it is missing
        import av

        for module in pkgutil.walk_packages(av.__path__, "av."):
            if module.name not in NOT_DECODING:
                importlib.import_module(module.name)


def confine(order: Limits, most_cpu: int, descriptors: int = 3) -> None:
    """Give up all rights of this process that decoding doesn't need. This can't be undone.

    Afterwards no file and no socket can be opened and no file written; descriptors 0 to 2 stay open, and up to
    `descriptors` may be open. `most_cpu`: CPU seconds that are never exceeded, whatever is granted.
    """
    limit(resource.RLIMIT_CORE, 0, 0)
    limit(resource.RLIMIT_FSIZE, 0, 0)
    limit(resource.RLIMIT_AS, order.memory, order.memory)
    limit(resource.RLIMIT_CPU, order.cpu_for(0), most_cpu)
    limit(resource.RLIMIT_NOFILE, descriptors, descriptors)


class Pipes:
    """The outputs of a decoding child: samples on descriptor 1, messages on 2. It raises the CPU limit as samples are
    decoded.
    """

    def __init__(self, order: Limits) -> None:
        self._order = order
        self.last: msgspec.Struct | None = None
        """The newest message; None before the first."""

    def tell(self, message: msgspec.Struct) -> None:
        """Send a message to the parent."""
        self.last = message
        os.write(2, msgspec.json.encode(message) + b"\n")

    def write(self, pcm: bytes) -> None:
        """Send samples; blocks while nobody reads. Raises BrokenPipeError when the reader is gone."""
        while pcm:
            pcm = pcm[os.write(1, pcm) :]

    def grant(self, samples: int) -> None:
        """Raise the CPU limit to what `samples` decoded samples grant."""
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit(resource.RLIMIT_CPU, self._order.cpu_for(samples), hard)


def main(order_json: str) -> int:
    """Serve one request; return the exit code, 0 when `AudioEnded` was sent."""
    order = msgspec.json.decode(order_json, type=DecodeRequest)
    pipes = Pipes(order)
    load_library()
    confine(order, order.cpu_for(order.most_samples) + 1)
    with os.fdopen(0, "rb", closefd=False) as file, suppress(BrokenPipeError):
        decode(file, order, pipes.write, pipes.tell, pipes.grant)
    return 0 if isinstance(pipes.last, AudioEnded) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
