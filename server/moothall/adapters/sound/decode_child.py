"""Decodes one audio file to PCM16, 16 kHz, mono. Runs as a process of its own, because files come from strangers.

    python -m moothall.adapters.sound.decode_child ORDER     file on descriptor 0, samples to 1, messages to 2

What keeps a bad file from doing harm: the file is an open descriptor without a name, no further descriptor can be
opened (so no other file and no socket), nothing can be written but to the two pipes, memory is capped, CPU time is
granted by what has been decoded, and the output is capped. Playlists, concatenations and devices are refused by name
besides. The pipe holds the decoder back when nobody reads, and ends it when the reader is gone.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
import sys
from contextlib import suppress

import msgspec

from moothall.adapters.sound.child_messages import DecodeRequest, Ended, Limits
from moothall.adapters.sound.decoding import decode

NOT_DECODING = ("av.__main__", "av.about", "av.datasets")
"""Parts of PyAV that are programs or load samples from the network, with `urllib`: half of what loading all takes."""


def limit(kind: int, soft: int, hard: int) -> None:
    """Limit a resource of this process, where the system lets it."""
    with suppress(ValueError, OSError):  # macOS refuses some of them
        resource.setrlimit(kind, (soft, hard))


def load_library() -> None:
    """Import all of PyAV, which imports its parts when they are first needed: later no file can be opened."""
    with suppress(ImportError):  # `decode` says that it is missing
        import av

        for module in pkgutil.walk_packages(av.__path__, "av."):
            if module.name not in NOT_DECODING:
                importlib.import_module(module.name)


def confine(order: Limits, most_cpu: int, descriptors: int = 3) -> None:
    """Take from this process what decoding doesn't need. There is no way back.

    Afterwards no file and no socket can be opened and nothing written to a file; descriptors 0 to 2 stay, and there may
    be more where `descriptors` says so. `most_cpu`: CPU seconds that are never gone beyond.
    """
    limit(resource.RLIMIT_CORE, 0, 0)
    limit(resource.RLIMIT_FSIZE, 0, 0)
    limit(resource.RLIMIT_AS, order.memory, order.memory)
    limit(resource.RLIMIT_CPU, order.cpu_for(0), most_cpu)
    limit(resource.RLIMIT_NOFILE, descriptors, descriptors)


class Pipes:
    """What a process that decodes gives: samples on descriptor 1, messages on 2. CPU time is granted for samples."""

    def __init__(self, order: Limits) -> None:
        self._order = order
        self.last: msgspec.Struct | None = None
        """The newest message."""

    def tell(self, message: msgspec.Struct) -> None:
        """Send a message."""
        self.last = message
        os.write(2, msgspec.json.encode(message) + b"\n")

    def write(self, pcm: bytes) -> None:
        """Send samples; waits where nobody reads. Raises BrokenPipeError where the reader is gone."""
        while pcm:
            pcm = pcm[os.write(1, pcm) :]

    def grant(self, samples: int) -> None:
        """So many have been decoded."""
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit(resource.RLIMIT_CPU, self._order.cpu_for(samples), hard)


def main(order_json: str) -> int:
    """Serve one order; returns the exit code, 0 when `Ended` was told."""
    order = msgspec.json.decode(order_json, type=DecodeRequest)
    pipes = Pipes(order)
    load_library()
    confine(order, order.cpu_for(order.most_samples) + 1)
    with os.fdopen(0, "rb", closefd=False) as file, suppress(BrokenPipeError):
        decode(file, order, pipes.write, pipes.tell, pipes.grant)
    return 0 if isinstance(pipes.last, Ended) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
