"""Sound that a test has ready, as a source of samples."""

from __future__ import annotations


class Pcm:
    """Sound that is there already."""

    def __init__(self, pcm: bytes) -> None:
        self.pcm = pcm
        self.at = 0

    async def __aenter__(self) -> Pcm:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def read(self, samples: int) -> bytes:
        piece = self.pcm[self.at : self.at + 2 * samples]
        self.at += len(piece)
        return piece
