"""A translator with installed model packages of Argos Translate, run directly by CTranslate2 and SentencePiece.

The library `argostranslate` itself is used only if the operator names it (`argos_library`, for the extra `argos`). It
imports PyTorch, makes folders in the user's home when it is imported, logs all texts, and downloads a model for
sentence boundaries at the first one; the last two are prevented here. A translation needs only a few calls of the two
libraries. (The arguments are those of `argostranslate/translate.py` 1.11, `apply_packaged_translation`.)
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from moothall.core.kernel.languages import primary
from moothall.core.translation.routes import Direction
from moothall_models.translators.argos_package import MODEL, PIECES, ArgosPackage
from moothall_models.translators.pieces import joined, readable, sentences, within
from moothall_models.translators.port import SAID, UnusableTranslation

logger = logging.getLogger(__name__)

ENGINE = "argos"
COST = 40.0
"""Assumed cost of a package from or to English, in points of chrF2 lost; none was measured. It is less than that of
Moothall's own routes (English to Portuguese 41.3, to Spanish 45.2), since an operator who installs a package wants it
to be used."""
COST_BESIDE = 10.0
"""Assumed cost between two other languages, as an additional hop of a route, like that between Romance languages; a
little less than Apertium's cost of French (11.5)."""
PIECE = 320
"""Most characters that a model gets at a time."""
MOST_TOKENS = 150
"""Most tokens that a model gets at a time. Models are trained on sentences that are hardly longer, and lose the rest of
a longer text."""
BEAM, LENGTH_PENALTY = 4, 0.2
"""Parameters with which Argos Translate runs its packages."""
MOST_TIMES, MOST_MORE = 3, 20
"""The limit of a translation's tokens is a multiple of its text's tokens plus a constant, which ends repetitions."""
MOST_WRITTEN = 256
"""Absolute limit of a translation's tokens: these take 1.6 s of one core with a model of the usual size."""
MOST_TIMES_LONG, MOST_LONGER = 8, 200
"""The limit of a translation's characters is a multiple of its text's characters plus a constant; a longer one means a
fault."""
LIBRARIES = ("ctranslate2", "sentencepiece")
INSTALL = "pip install 'moothall[translate]'"


def wanting(libraries: Sequence[str] = LIBRARIES) -> tuple[str, ...]:
    """The modules among `libraries` that aren't installed."""
    return tuple(name for name in libraries if find_spec(name) is None)


class ArgosModel(Protocol):
    """A loaded package. Threads may share it; it releases the GIL while it works."""

    def tokens(self, text: str) -> list[str]:
        """The text in the model's tokens."""
        ...

    def translate(self, tokens: Sequence[str], most: int) -> str:
        """The translation of some tokens, as text of at most `most` tokens."""
        ...


class ArgosTranslator:
    """A translator with a direction for each package; a model is loaded when it is first used."""

    def __init__(
        self,
        packages: Sequence[ArgosPackage],
        *,
        load: Callable[[ArgosPackage], ArgosModel] | None = None,
        libraries: Sequence[str] = LIBRARIES,
        engine: str = ENGINE,
        install: str = INSTALL,
    ) -> None:
        """Hash the models of the packages, without loading them.

        `packages`: the result of `installed_packages`, at most one for each pair of languages. `load`: loads a package,
        by default with CTranslate2. `libraries`: modules without which no package is used; `install` says how to
        install them. `engine`: name of the engine in the directions.
        """
        self._load = load or _Loaded
        self._wanting = wanting(libraries)
        self._install = install
        self._unused = tuple(packages) if self._wanting else ()
        self._packages: dict[Direction, ArgosPackage] = {}
        for package in () if self._wanting else packages:
            try:
                self._packages[_direction(package, engine)] = package
            except OSError as error:
                logger.warning("package %s can't be read and is not used (%s)", package.folder, error.strerror)
        self._loaded: dict[Direction, ArgosModel] = {}
        self._loading = threading.Lock()
        self._closed = False

    @property
    def directions(self) -> tuple[Direction, ...]:
        """A direction for each package; none when a library is missing."""
        return tuple(self._packages)

    @property
    def missing(self) -> str | None:
        """A sentence about missing libraries if packages are installed; None without packages, which are optional."""
        if not self._unused:
            return None
        pairs = ", ".join(f"{package.source} to {package.target}" for package in self._unused)
        return (
            f"Installed packages aren't used ({pairs}): {' and '.join(self._wanting)} isn't installed. {self._install}"
        )

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """Translate the texts, in order (`Translator`).

        A sentence takes about 0.13 s and can't be cancelled; texts of one direction wait for each other.
        """
        if direction not in self._packages:
            raise ValueError(f"No package from {direction.source} to {direction.target} is installed here.")
        return [self._one(readable(text), direction) for text in texts]

    def check(self) -> None:
        """Load each package, and translate a test sentence if there is one in its language.

        The answer isn't compared with an expected word, since a good package may choose other words.

        Raises:
            TranslationFailed: a package can't be loaded, or returns nothing.
        """
        for direction, package in self._packages.items():
            native = self._native(direction)
            said = SAID.get(primary(direction.source))
            if said is not None and not self._model(native, said[0], direction):
                msg = f"The package in {package.folder} gives nothing for its test sentence. Take it away."
                raise UnusableTranslation(msg)

    def rest(self, direction: Direction) -> None:
        """Release a direction's model (`Translator`)."""
        self._loaded.pop(direction, None)

    def close(self) -> None:
        """Release the models."""
        self._closed = True
        self._loaded.clear()

    def _one(self, text: str, direction: Direction) -> str:
        pieces = [piece for sentence in sentences(text) for piece in within(sentence, PIECE)]
        return joined((self._piece(piece, direction) for piece in pieces), direction.target).strip()

    def _piece(self, piece: str, direction: Direction) -> str:
        # Pieces without letters (numbers, symbols, emoji) are the same in every language, and a model would lose some.
        if not any(map(str.isalpha, piece)):
            return piece
        # For letters that it doesn't know a model returns nothing; the untranslated piece is better than none.
        return self._model(self._native(direction), piece, direction) or piece

    def _model(self, native: ArgosModel, piece: str, direction: Direction) -> str:
        try:
            answers = [native.translate(tokens, _most(tokens)) for tokens in _few(native, piece)]
        except Exception:  # whatever native code raises
            self._loaded.pop(direction, None)
            # Not `from error`, since the error's message may quote the text.
            msg = (
                f"The package from {direction.source} to {direction.target} failed; it is loaded again for the next "
                "text."
            )
            raise UnusableTranslation(msg) from None
        answer = joined(answers, direction.target)
        if len(answer) > MOST_TIMES_LONG * len(piece) + MOST_LONGER:
            msg = (
                f"The package from {direction.source} to {direction.target} gave {len(answer)} characters for "
                f"{len(piece)}."
            )
            raise UnusableTranslation(msg)
        return " ".join(readable(answer).split())

    def _native(self, direction: Direction) -> ArgosModel:
        with self._loading:
            if self._closed:
                raise UnusableTranslation("The packages of Argos were closed.")
            if direction not in self._loaded:
                package = self._packages[direction]
                try:
                    self._loaded[direction] = self._load(package)
                except Exception as error:
                    logger.info("package %s can't be loaded (%s)", package.folder, type(error).__name__)
                    msg = (
                        f"The package in {package.folder} can't be loaded ({type(error).__name__}): it is damaged, or "
                        "of a form that this CTranslate2 doesn't know. Install it again, or take it away."
                    )
                    raise UnusableTranslation(msg) from None
            return self._loaded[direction]


def _direction(package: ArgosPackage, engine: str) -> Direction:
    """The direction of a package. Raises OSError when its models can't be read."""
    english = "en" in (primary(package.source), primary(package.target))
    return Direction(
        engine=engine,
        version=package.fingerprint(),
        source=package.source,
        target=package.target,
        cost=COST if english else COST_BESIDE,
    )


def _few(native: ArgosModel, text: str) -> list[list[str]]:
    """The tokens of a text, in parts of at most MOST_TOKENS: it is halved until they fit, if possible between words."""
    tokens = native.tokens(text)
    if len(tokens) <= MOST_TOKENS or len(text) == 1:
        return [tokens[:MOST_TOKENS]]
    return [few for part in within(text, len(text) // 2) for few in _few(native, part)]


def _most(tokens: Sequence[str]) -> int:
    return min(MOST_TIMES * len(tokens) + MOST_MORE, MOST_WRITTEN)


class _Loaded:
    """A loaded package: the CTranslate2 model and the SentencePiece model."""

    def __init__(self, package: ArgosPackage) -> None:
        import ctranslate2
        import sentencepiece

        self._prefix = package.about.target_prefix
        self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(package.folder / PIECES))
        folder = (package.folder / MODEL).parent
        self._model = ctranslate2.Translator(str(folder), device="cpu", inter_threads=1, intra_threads=1)

    def tokens(self, text: str) -> list[str]:
        """The text in the model's tokens (`ArgosModel`)."""
        tokens: list[str] = self._pieces.encode(text, out_type=str)
        return tokens

    def translate(self, tokens: Sequence[str], most: int) -> str:
        """The translation of some tokens, as text of at most `most` tokens (`ArgosModel`).

        Tokens that the model doesn't know are copied into the translation.
        """
        [result] = self._model.translate_batch(
            [list(tokens)],
            target_prefix=[[self._prefix]] if self._prefix else None,
            beam_size=BEAM,
            length_penalty=LENGTH_PENALTY,
            max_decoding_length=most,
            replace_unknowns=True,
        )
        written: list[str] = result.hypotheses[0]
        if self._prefix and written[:1] == [self._prefix]:
            written = written[1:]
        text: str = self._pieces.decode_pieces(written)
        return text.replace("▁", " ")


LIBRARY = "argostranslate"
"""The library of Argos Translate, which the extra `moothall[argos]` installs; used only if the operator names it."""
INSTALL_LIBRARY = "pip install 'moothall[argos]'"


def argos_library(packages: Sequence[ArgosPackage], *, libraries: Sequence[str] = (LIBRARY,)) -> ArgosTranslator:
    """A translator that runs packages by `argostranslate`; without that library it has no directions."""
    return ArgosTranslator(
        packages, load=_LoadedByLibrary, libraries=libraries, engine=LIBRARY, install=INSTALL_LIBRARY
    )


class _Sentence:
    """Takes each text for a single sentence, in place of what the library has to part texts."""

    def split_sentences(self, text: str) -> list[str]:
        return [text]


class _LoadedByLibrary(ArgosModel):
    """A package run by `argostranslate`. A lock serialises texts, since the library doesn't claim to be thread-safe."""

    def __init__(self, package: ArgosPackage) -> None:
        argos: Any = import_module("argostranslate.translate")
        settings: Any = import_module("argostranslate.settings")
        settings.debug = False  # it would print what is said
        logging.getLogger("argostranslate.utils").disabled = True  # it logs all that is said, as information
        opened = import_module("argostranslate.package").Package(package.folder)
        source, target = (argos.Language(code, code) for code in (opened.from_code, opened.to_code))
        self._translation: Any = argos.PackageTranslation(source, target, opened)
        # It gets single sentences; its own way to find them downloads a model while somebody waits.
        self._translation.sentencizer = _Sentence()
        self._lock = threading.Lock()

    def tokens(self, text: str) -> list[str]:
        """The text as a single token: the library tokenises it itself."""
        return [text]

    def translate(self, tokens: Sequence[str], most: int) -> str:
        """The translation of the text (`ArgosModel`). `most` has no effect: the library sets its own limit."""
        with self._lock:
            return str(self._translation.translate(tokens[0]))
