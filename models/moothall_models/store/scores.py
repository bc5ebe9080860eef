"""The scores of the translators of this machine: `scores.json` in a folder of the store.

A score belongs to engines and models of certain versions, and a version holds the first digits of its model's SHA-256.
So a model that is replaced has none. A score of other sentences than those of this release counts as none.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.translation.routes import Direction, Route, RouteScore
from moothall.wire.translation import MOST_SCORES
from moothall_models.store.failures import refused
from moothall_models.store.new_folder import alone, sync_folder, write_file
from moothall_models.store.progress import Silent
from moothall_models.translators.sentence_set import EDITION

logger = logging.getLogger(__name__)

FILE = "scores.json"
MOST_BYTES = 1 << 20


class HopName(msgspec.Struct, frozen=True, array_like=True):
    """What a score knows of a direction."""

    engine: str
    version: str
    source: str
    target: str


Way = tuple[HopName, ...]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    way: Way
    score: RouteScore


class _File(msgspec.Struct, frozen=True, kw_only=True):
    edition: int
    scores: tuple[_Kept, ...]


def way_of(hops: Sequence[Direction]) -> Way:
    """The name of a way in the file."""
    return tuple(HopName(hop.engine, hop.version, hop.source, hop.target) for hop in hops)


class KeptScores:
    """The scores in a folder. Several processes may read and keep them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int] | None = None
        self._scores: Mapping[Way, RouteScore] = {}

    def read(self) -> Mapping[Way, RouteScore]:
        """The scores; the same object for as long as the file is the same. A file that can't be read has none."""
        path = self._folder / FILE
        try:
            known = path.stat()
            if (known.st_mtime_ns, known.st_ino) == self._seen:
                return self._scores
            self._seen, self._scores = (known.st_mtime_ns, known.st_ino), {}
            file = read_json(path.read_bytes() if known.st_size <= MOST_BYTES else b"", _File)
        except FileNotFoundError:
            if self._seen is not None:
                self._seen, self._scores = None, {}
        except (OSError, Unreadable):
            logger.warning("%s can't be read; the translators are shown without scores", path)
        else:
            if file.edition == EDITION:
                self._scores = {each.way: each.score for each in file.scores[:MOST_SCORES]}
        return self._scores

    def keep(self, tested: Sequence[Route]) -> None:
        """Keep the scores of ways. Overflow beyond `MOST_SCORES`: those that were kept longest ago go.

        Raises MoothallError: the disk is full or can't be written to.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with alone(self._folder, Silent()):
                new = {way_of(each.hops): each.score for each in tested if each.score is not None}
                kept = {**new, **{way: score for way, score in self.read().items() if way not in new}}
                scores = tuple(_Kept(way=way, score=score) for way, score in list(kept.items())[:MOST_SCORES])
                data = msgspec.json.format(msgspec.json.encode(_File(edition=EDITION, scores=scores)), indent=1)
                made = self._folder / f"{FILE}.new"
                made.unlink(missing_ok=True)
                write_file(made, [data], MOST_BYTES)
                made.replace(self._folder / FILE)
                sync_folder(self._folder)
        except OSError as error:
            raise refused(error, self._folder, MOST_BYTES) from error
