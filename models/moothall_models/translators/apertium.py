"""Spanish, Portuguese and their neighbours by Apertium, translation by rules, where its Debian packages are installed.

Apertium is under the GPL. Its programs are run as they are, as processes of their own; nothing of it is linked in.
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

from moothall.core.translating.routes import Direction
from moothall_models.translators.apertium_pipe import PATIENCE, PIECE, ApertiumPipe, Later
from moothall_models.translators.pieces import readable, within
from moothall_models.translators.port import try_out

logger = logging.getLogger(__name__)

MODES = Path("/usr/share/apertium/modes")
"""Where the packages put their mode files."""
REWRITER = "apertium-wblank-mode"
"""Writes a mode's pipeline anew so that formatting and the zero byte get through all of it. With `-z` put into the mode
file by hand the older pairs, es-pt among them, give nonsense."""
ASKING = 10.0
"""Seconds for a program that only tells something."""
CORE, DEFAULT = "apertium", "apertium-es-pt"
"""Packages for the directions that Moothall is made to have."""
SCHEME = "m1"
"""Of these rules, behind Apertium's version: with others its translations are others."""

_OF_SOMEBODY = (
    "su|sus|mi|mis|tu|tus|nuestro|nuestra|nuestros|nuestras|usted|ustedes|nosotros|nosotras|él|ella|ellos|ellas|alguien"
)
_RULES: dict[tuple[str, str], tuple[tuple[re.Pattern[str], str], ...]] = {
    ("pt", "es"): (
        # Portuguese has one word, "próximo", for who is near and for what comes next; meetings have agendas.
        (re.compile(r"\b([Pp])rójim(os?|as?)\b"), r"\1róxim\2"),
        # "se" is "if" in Portuguese, and before these it can't be anything else.
        (re.compile(rf"\bse (?=(?:{_OF_SOMEBODY})\b)"), "si "),
        (re.compile(rf"\bSe (?=(?:{_OF_SOMEBODY})\b)"), "Si "),
        (re.compile(r"\bon-line\b", re.IGNORECASE), "en línea"),
        (re.compile(r"\b([Aa]) lo (?=(?:ilustre|distinguido|honorable|excelentísimo)\b)"), r"\1l "),
    ),
}
"""What Apertium gets wrong again and again, and is wrong wherever it stands: put right behind it. Each was seen in
meetings and in the sentences of `bench/translation.py`, which says that none makes them worse."""


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
    _Mode("eng-spa", "apertium-eng-spa", "en", "es", 52.2),
    _Mode("spa-eng", "apertium-eng-spa", "es", "en", 50.1),
)
"""Costs in points of chrF2: between Romance languages what a way through them loses more (docs/why/translation.md)."""


class ApertiumTranslator:
    """A pipeline for each direction that is installed, started when it is first used (0.25 s, about 110 MB)."""

    def __init__(
        self,
        modes: Path = MODES,
        programs: str | None = None,
        *,
        patience: float = PATIENCE,
        later: Later = threading.Timer,
    ) -> None:
        """`modes`: folder of the mode files; `programs`: folders of programs, without it those of PATH.

        `patience`: seconds that a text may take, which `later` counts.
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
        """Those of the packages that are installed."""
        return tuple(self._pipes)

    @property
    def missing(self) -> str | None:
        """The packages for Spanish and Portuguese; others are a matter of taste."""
        if any(direction.engine == DEFAULT for direction in self._pipes):
            return None
        return f"Translating from and to Spanish is off. {_install(DEFAULT)}"

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """As many texts as came, in their order (`Translator`). About 1 ms a sentence; texts of one direction wait for
        each other.
        """
        pipe = self._pipes.get(direction)
        if pipe is None:
            raise ValueError(f"Apertium has nothing from {direction.source} to {direction.target} here.")
        given = [" ".join(pipe.translate(piece) for piece in within(readable(text), PIECE)).strip() for text in texts]
        return [mended(text, direction.source, direction.target) for text in given]

    def check(self) -> None:
        """Load everything and translate a known sentence in each direction, before anybody waits for one
        (`Translator`).
        """
        for direction in self.directions:
            try_out([direction], self.translate, _install(direction.engine, again=True))

    def close(self) -> None:
        """Kill the programs."""
        for pipe in self._pipes.values():
            pipe.close()

    def processes(self) -> dict[Direction, int]:
        """The process groups that run now."""
        return {direction: pipe.group for direction, pipe in self._pipes.items() if pipe.group is not None}


def _install(package: str, *, again: bool = False) -> str:
    how = "--reinstall " if again else "--no-install-recommends "
    return f"Install it and start the server again. On Debian: sudo apt-get install {how}{CORE} {package}"


def _pipeline(mode: Path, programs: str | None) -> list[list[str]]:
    """The programs of a mode with their arguments; empty where it isn't there or isn't one pipeline."""
    if not mode.is_file() or shutil.which(REWRITER, path=programs) is None:
        return []
    commands = commands_of(_told([REWRITER, "-z", str(mode)], programs) or "")
    if not commands:
        logger.warning("Apertium's %s gives no pipeline for %s", REWRITER, mode.name)
    return commands


def commands_of(pipeline: str) -> list[list[str]]:
    """The commands of a pipeline as mode files have it; empty where the line is anything else.

    `$1` says how unknown words are written and becomes `-n`: as they are, without a star. `$2` is for the tagger, and
    becomes nothing.
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
    """Of the installed Debian package; `unknown` on other systems."""
    return _told(["dpkg-query", "--show", "--showformat=${Version}", package], programs) or "unknown"


def _told(command: Sequence[str], programs: str | None) -> str | None:
    """What a program says; None where it isn't there, fails or says nothing."""
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
    """A translation without those faults."""
    for pattern, written in _RULES.get((source, target), ()):
        text = pattern.sub(written, text)
    return text
