"""Spanish, Portuguese and related languages by Apertium, a rule-based translator, if its Debian packages are installed.

Apertium is under the GPL. Its unmodified programs run as separate processes; nothing of it is linked in.
"""

from __future__ import annotations

import logging
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from moothall.core.translation.routes import Direction
from moothall_models.translators.apertium_pipe import PATIENCE, PIECE, ApertiumPipe, Later
from moothall_models.translators.pieces import readable, within
from moothall_models.translators.port import try_out

logger = logging.getLogger(__name__)

MODES = Path("/usr/share/apertium/modes")
"""Folder into which the packages install their mode files."""
REWRITER = "apertium-wblank-mode"
"""Program that rewrites a mode's pipeline so that formatting and the zero byte pass through all of it. If `-z` is only
added to the mode file, the older pairs, es-pt among them, produce nonsense."""
ASKING = 10.0
"""Time limit of a program that only prints information, s."""
CORE, DEFAULT = "apertium", "apertium-es-pt"
"""Debian packages of the directions that Moothall expects to have."""
SCHEME = "m1"
"""Version of `_RULES`, appended to Apertium's version, since other rules give other translations."""

_OF_SOMEBODY = (
    "su|sus|mi|mis|tu|tus|nuestro|nuestra|nuestros|nuestras|usted|ustedes|nosotros|nosotras|él|ella|ellos|ellas|alguien"
)
_RULES: dict[tuple[str, str], tuple[tuple[re.Pattern[str], str], ...]] = {
    ("pt", "es"): (
        # Portuguese "próximo" means both "neighbour" and "next"; in meetings it mostly means "next".
        (re.compile(r"\b([Pp])rójim(os?|as?)\b"), r"\1róxim\2"),
        # Portuguese "se" also means "if", and before these words it can't mean anything else.
        (re.compile(rf"\bse (?=(?:{_OF_SOMEBODY})\b)"), "si "),
        (re.compile(rf"\bSe (?=(?:{_OF_SOMEBODY})\b)"), "Si "),
        (re.compile(r"\bon-line\b", re.IGNORECASE), "en línea"),
        (re.compile(r"\b([Aa]) lo (?=(?:ilustre|distinguido|honorable|excelentísimo)\b)"), r"\1l "),
    ),
}
"""Corrections of frequent faults of Apertium that are wrong in any context, by direction. Each fault was seen in
meetings and in the sentences of `bench/translation.py`, which shows that no correction makes them worse."""


class _Mode(NamedTuple):
    name: str
    package: str
    source: str
    target: str
    cost: float
    rough: bool = False


_KNOWN = (
    _Mode("pt-es", "apertium-es-pt", "pt", "es", 3.9),
    _Mode("es-pt", "apertium-es-pt", "es", "pt", 1.0),
    _Mode("es-fr", "apertium-fr-es", "es", "fr", 11.5, rough=True),
    _Mode("fr-es", "apertium-fr-es", "fr", "es", 11.3, rough=True),
    _Mode("eng-spa", "apertium-eng-spa", "en", "es", 52.2, rough=True),
    _Mode("spa-eng", "apertium-eng-spa", "es", "en", 50.1, rough=True),
)
"""Costs in points of chrF2; between Romance languages the additional loss of a route through them
(docs/why/translation.md)."""


class ApertiumTranslator:
    """A translator with a pipeline for each installed direction, started when first used (0.25 s, about 110 MB)."""

    def __init__(
        self,
        modes: Path = MODES,
        programs: str | None = None,
        *,
        patience: float = PATIENCE,
        later: Later = threading.Timer,
    ) -> None:
        """`modes`: folder of the mode files; `programs`: search path of the programs, by default PATH.

        `patience`: time limit of a text, s, measured by a timer of `later`.
        """
        self._pipes: dict[Direction, ApertiumPipe] = {}
        for mode in _KNOWN:
            commands = _pipeline(modes / f"{mode.name}.mode", programs)
            if commands:
                direction = Direction(
                    engine=mode.package,
                    version=f"{_version(mode.package, programs)}+{SCHEME}",
                    source=mode.source,
                    target=mode.target,
                    cost=mode.cost,
                    rough=mode.rough,
                )
                self._pipes[direction] = ApertiumPipe(commands, mode.name, patience=patience, later=later)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions of the installed packages."""
        return tuple(self._pipes)

    @property
    def missing(self) -> str | None:
        """A sentence about the package for Spanish and Portuguese if it isn't installed; others are optional."""
        if any(direction.engine == DEFAULT for direction in self._pipes):
            return None
        return f"Translating from and to Spanish is off. {_install(DEFAULT)}"

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """Translate the texts, in order (`Translator`).

        A sentence takes about 1 ms; texts of one direction wait for each other.
        """
        pipe = self._pipes.get(direction)
        if pipe is None:
            raise ValueError(f"Apertium has nothing from {direction.source} to {direction.target} here.")
        given = [" ".join(pipe.translate(piece) for piece in within(readable(text), PIECE)).strip() for text in texts]
        return [mended(text, direction.source, direction.target) for text in given]

    def check(self) -> None:
        """Start all pipelines, and translate a test sentence in each direction (`Translator`)."""
        for direction in self.directions:
            try_out([direction], self.translate, _install(direction.engine, again=True))

    def rest(self, direction: Direction) -> None:
        """End a direction's programs (`Translator`)."""
        self._pipes[direction].rest()

    def close(self) -> None:
        """Kill the programs."""
        for pipe in self._pipes.values():
            pipe.close()

    def processes(self) -> dict[Direction, int]:
        """Ids of the running process groups, by direction."""
        return {direction: pipe.group for direction, pipe in self._pipes.items() if pipe.group is not None}


def _install(package: str, *, again: bool = False) -> str:
    how = "--reinstall " if again else "--no-install-recommends "
    return f"Install it and start the server again. On Debian: sudo apt-get install {how}{CORE} {package}"


def _pipeline(mode: Path, programs: str | None) -> list[list[str]]:
    """The programs of a mode with their arguments; empty when the mode is missing or isn't a single pipeline."""
    if not mode.is_file() or shutil.which(REWRITER, path=programs) is None:
        return []
    commands = commands_of(_told([REWRITER, "-z", str(mode)], programs) or "")
    if not commands:
        logger.warning("Apertium's %s gives no pipeline for %s", REWRITER, mode.name)
    return commands


def commands_of(pipeline: str) -> list[list[str]]:
    """Parse a pipeline of a mode file into its commands; empty for anything else than a simple pipeline.

    `$1`, the option for unknown words, is replaced by `-n`: they are kept without a star. `$2`, an option of the
    tagger, is removed.
    """
    words = shlex.shlex(pipeline.replace("$1", "-n").replace("$2", ""), posix=True, punctuation_chars="();<>|&$`")
    words.whitespace_split = True
    words.commenters = ""
    commands: list[list[str]] = [[]]
    try:
        for word in words:
            if word == "|":
                commands.append([])
            elif set(word) & set("();<>|&$`"):
                return []
            else:
                commands[-1].append(word)
    except ValueError:  # a quote that isn't closed
        return []
    return commands if all(commands) else []


def _version(package: str, programs: str | None) -> str:
    """Version of an installed Debian package; `unknown` on other systems."""
    return _told(["dpkg-query", "--show", "--showformat=${Version}", package], programs) or "unknown"


def _told(command: Sequence[str], programs: str | None) -> str | None:
    """The output of a program; None when it isn't installed, fails, or prints nothing."""
    program = shutil.which(command[0], path=programs)
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  # fixed programs; the one argument that varies is a file that is there
            [program, *command[1:]], capture_output=True, check=True, timeout=ASKING, encoding="utf-8", errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def mended(text: str, source: str, target: str) -> str:
    """The translation with the corrections of `_RULES`."""
    for pattern, written in _RULES.get((source, target), ()):
        text = pattern.sub(written, text)
    return text
