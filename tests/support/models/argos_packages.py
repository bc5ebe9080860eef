"""Small, real packages in the form of Argos Translate that translate nothing: they transliterate letter by letter.

The Transformer in them is not trained. Its weights are set by hand so that the decoder attends to the letter at its own
position and writes the corresponding letter of the other script. It shows that the path through CTranslate2 and
SentencePiece works, in both directions of writing, and nothing about the quality of translations.
"""

from __future__ import annotations

import io
import json
import string
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import ctranslate2.specs
import numpy as np
import sentencepiece
from numpy.typing import NDArray

SMALL = string.ascii_lowercase
OTHER = string.digits + ".,;:!?'\"-()"
SCRIPTS = {
    "en": SMALL,
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنه",  # Arabic letters
    "zh": "一丁七万丈三上下不与专且世丘业丛东丝两严丧个中丰串临",
    "ru": "абвгдежзийклмнопрстуфхцчшщ",  # Cyrillic letters
}
"""26 letters for each language; letters at the same position correspond."""
MOST_PLACES = 1_024
_SPECIAL = ("<unk>", "<s>", "</s>", "▁", "__to__")
_WAVES = 16

Floats = NDArray[np.float32]


def written(text: str, source: str, target: str) -> str:
    """Return the text that the package's model should write."""
    return text.lower().translate(str.maketrans(SCRIPTS[source], SCRIPTS[target]))


def put_package(folder: Path, source: str, target: str, **metadata: object) -> Path:
    """Install a package below `folder`; returns its folder."""
    with zipfile.ZipFile(io.BytesIO(packed(source, target, **metadata))) as archive:
        name = archive.namelist()[0].partition("/")[0]
        archive.extractall(folder)  # our own archive
    return folder / name


def packed(source: str, target: str, **metadata: object) -> bytes:
    """Return the bytes of an `.argosmodel`; `metadata` replaces fields, and None removes a field."""
    return zipped(members(source, target, **metadata))


def members(source: str, target: str, **metadata: object) -> dict[str, bytes]:
    """Return the files of a package by name."""
    about: dict[str, object] = {
        "package_version": "1.9",
        "argos_version": "1.9.0",
        "from_code": source,
        "from_name": source,
        "to_code": target,
        "to_name": target,
        "links": [],
    }
    about = {name: value for name, value in (about | metadata).items() if value is not None}
    top = f"translate-{source}_{target}-1_9"
    files = {f"{top}/metadata.json": json.dumps(about).encode(), f"{top}/README.md": b"For tests.\n"}
    return files | {f"{top}/{name}": data for name, data in _model(source, target).items()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of the files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@cache
def _model(source: str, target: str) -> dict[str, bytes]:
    letters = sorted({*SCRIPTS[source], *SCRIPTS[target], *string.ascii_letters, *OTHER})
    with TemporaryDirectory() as folder:
        _spec((*_SPECIAL, *letters), str.maketrans(SCRIPTS[source], SCRIPTS[target])).save(folder)
        files = {f"model/{path.name}": path.read_bytes() for path in sorted(Path(folder).iterdir())}
    return files | {"sentencepiece.model": _pieces(letters)}


def _pieces(letters: list[str]) -> bytes:
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(letters)]),
        model_writer=out,
        model_type="char",
        vocab_size=1_000,
        hard_vocab_limit=False,
        character_coverage=1.0,
        minloglevel=2,
        num_threads=1,
    )
    return out.getvalue()


def _spec(tokens: tuple[str, ...], stands_for: Mapping[int, int]) -> ctranslate2.specs.TransformerSpec:
    """Return a model with one layer on each side, in which only the decoder's attention to the source has an effect."""
    size = len(tokens)
    width = size + 4 * _WAVES
    spec = ctranslate2.specs.TransformerSpec.from_config(1, 1, pre_norm=True, no_final_norm=True)
    places = np.zeros((MOST_PLACES, width), np.float32)
    places[:, size:] = _places()
    letter = np.zeros((size, width), np.float32)
    letter[:, :size] = np.eye(size)

    for side in (spec.encoder, spec.decoder):
        side.scale_embeddings = False
        side.position_encodings.encodings = places
        _does_nothing(side.layer[0].self_attention, width)
        _does_nothing(side.layer[0].ffn, width)
    spec.encoder.embeddings[0].weight = letter
    spec.decoder.embeddings.weight = np.zeros((size, width), np.float32)  # the letters already written have no effect

    place = np.diag((np.arange(width) >= size).astype(np.float32))
    attention = spec.decoder.layer[0].attention
    _norm(attention.layer_norm, width)
    _linear(attention.linear[0], 100 * place)
    _linear(attention.linear[1], np.concatenate([place, np.eye(width, dtype=np.float32) - place]))
    _linear(attention.linear[2], np.eye(width, dtype=np.float32))

    writes = np.zeros((size, width), np.float32)
    for number, token in enumerate(tokens):
        other = token.lower().translate(stands_for) if len(token) == 1 else token
        writes[tokens.index(other), number] = 50.0
    _linear(spec.decoder.projection, writes)

    spec.register_source_vocabulary(list(tokens))
    spec.register_target_vocabulary(list(tokens))
    spec.config.add_source_eos = True
    spec.config.decoder_start_token = "<s>"  # noqa: S105
    spec.validate()
    spec.optimize()
    return spec


def _places() -> Floats:
    """Return sines and cosines of each position, and the same negated, so that the mean of each row is 0."""
    waves = np.geomspace(1.0, 0.002, _WAVES)
    turned = np.outer(np.arange(MOST_PLACES), waves)
    half = np.concatenate([np.sin(turned), np.cos(turned)], axis=1)
    return np.concatenate([half, -half], axis=1).astype(np.float32)


def _does_nothing(part: ctranslate2.specs.model_spec.LayerSpec, width: int) -> None:
    _norm(part.layer_norm, width)
    if isinstance(part, ctranslate2.specs.attention_spec.MultiHeadAttentionSpec):
        _linear(part.linear[0], np.zeros((3 * width, width), np.float32))
        _linear(part.linear[1], np.zeros((width, width), np.float32))
    else:
        _linear(part.linear_0, np.zeros((width, width), np.float32))
        _linear(part.linear_1, np.zeros((width, width), np.float32))


def _norm(part: ctranslate2.specs.model_spec.LayerSpec, width: int) -> None:
    part.gamma, part.beta = np.ones(width, np.float32), np.zeros(width, np.float32)


def _linear(part: ctranslate2.specs.model_spec.LayerSpec, weight: Floats) -> None:
    part.weight, part.bias = weight, np.zeros(len(weight), np.float32)
