"""Whisper's decoder on the CPU, with several tokens a step."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.ct2_model import Weights
from moothall_models.recognizers.whisper.decoder_graph import audio_graph, decoder_graph, layers_of

HIDDEN = -1e9
"""Added to attention scores of masked positions."""


ALL_OF_IT = np.zeros((1, 1, 1, 1), dtype=np.float32)


class EncodedAudio:
    """Keys and values of the cross-attention for one window, or for a batch of windows."""

    def __init__(self, parts: dict[str, Floats], steps: Sequence[int], mask: Floats = ALL_OF_IT) -> None:
        """`parts`: arrays by the graph's input names; `steps`: time steps of each window; `mask` hides padding."""
        self.parts = parts
        self.steps = tuple(steps)
        self.mask = mask


def side_by_side(audios: Sequence[EncodedAudio]) -> EncodedAudio:
    """Make a batch of several windows; shorter windows are padded, and the padding is masked."""
    if len(audios) == 1:
        return audios[0]
    steps = [audio.steps[0] for audio in audios]
    longest = max(steps)
    mask = np.zeros((len(audios), 1, 1, longest), dtype=np.float32)
    for row, count in enumerate(steps):
        mask[row, :, :, count:] = HIDDEN
    parts: dict[str, Floats] = {}
    for name, part in audios[0].parts.items():
        along = 2 if "value" in name else 3
        shape = [len(audios), *part.shape[1:]]
        shape[along] = longest
        parts[name] = np.zeros(shape, dtype=np.float32)
        for row, audio in enumerate(audios):
            parts[name][row].swapaxes(0, along - 1)[: steps[row]] = audio.parts[name][0].swapaxes(0, along - 1)
    return EncodedAudio(parts, steps, mask)


class TokenMemory:
    """The decoder's cache: keys and values of the self-attention for the tokens so far."""

    def __init__(self, parts: dict[str, Floats], count: int) -> None:
        """`parts`: arrays by the graph's input names; `count`: number of tokens."""
        self.parts = parts
        self.count = count

    def cut(self, count: int) -> TokenMemory:
        """The cache of the first `count` tokens."""
        if count == self.count:
            return self
        return TokenMemory({name: np.ascontiguousarray(part[:, :, :count]) for name, part in self.parts.items()}, count)


class WhisperDecoder:
    """The decoder as onnxruntime sessions. May be called from several threads at a time."""

    def __init__(self, weights: Weights, heads: Sequence[tuple[int, int]], threads: int = 1) -> None:
        """`heads`: (layer, head) of the heads whose attention follows the audio; `threads`: CPU threads of one call."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # onnxruntime reuses memory only for calls of the same shapes, and here nearly every call has other shapes.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        # Spinning worker threads would use CPU time between two calls.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")

        def session(path: Path) -> Any:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

        # From files, since onnxruntime would keep another copy of a model that is loaded from memory. The parts of the
        # files that it uses stay mapped when the files are deleted.
        with tempfile.TemporaryDirectory() as folder:
            decoder, audio = Path(folder) / "decoder.onnx", Path(folder) / "audio.onnx"
            decoder_graph(weights, heads, decoder)
            self._decoder = session(decoder)
            audio_graph(weights, audio)
            self._audio = session(audio)
        self._layers = layers_of(weights)
        self._kept = [f"{part}_{layer}" for layer in range(self._layers) for part in ("key", "value")]
        self._heard = [f"audio_{name}" for name in self._kept]
        self._past = f"past_{self._kept[0]}"
        width = weights["decoder/embeddings/weight"].shape[1]
        count = int(weights["decoder/num_heads"])
        nothing = np.zeros((1, count, 0, width // count), dtype=np.float32)
        self.nothing = TokenMemory({f"past_{name}": nothing for name in self._kept}, 0)
        """The empty cache, before the first token."""

    def listen(self, encoded: Floats) -> EncodedAudio:
        """Compute keys and values of the cross-attention from one window's encoder output [1, steps, width]."""
        parts = dict(zip(self._heard, self._audio.run(self._heard, {"encoded": encoded}), strict=True))
        return EncodedAudio(parts, [encoded.shape[1]])

    def step(
        self, audio: EncodedAudio, before: TokenMemory, tokens: Sequence[int], first: int = 0
    ) -> tuple[Floats, Floats, TokenMemory]:
        """Append `tokens`, at least one, to a text.

        Returns the logits after each token from index `first` on [tokens - first, vocabulary]; the attention of each
        token to each time step of the audio [tokens, heads, steps]; and the new cache.
        """
        count, begin = len(tokens), before.count
        mask = np.zeros((1, 1, count, begin + count), dtype=np.float32)
        if count > 1:
            mask[0, 0] = np.triu(np.full((count, begin + count), HIDDEN, dtype=np.float32), begin + 1)
        positions = np.arange(begin, begin + count, dtype=np.int64)[np.newaxis]
        logits, attention, kept = self._run(
            audio, before.parts, np.array([tokens]), positions=positions, mask=mask, first=first
        )
        return logits[0], attention[0].transpose(1, 0, 2), TokenMemory(kept, begin + count)

    def step_all(
        self, audio: EncodedAudio, before: Sequence[TokenMemory], tokens: Sequence[int]
    ) -> list[tuple[Floats, Floats, TokenMemory]]:
        """Append one token to the text of each window of a batch from `side_by_side`; returns as `step` for each.

        The weights are read from memory once for the batch; reading them is the largest part of a step's cost.
        """
        longest = max(each.count for each in before)
        mask = np.zeros((len(before), 1, 1, longest + 1), dtype=np.float32)
        # Padding precedes the cached tokens, so that the new token directly follows them in every row.
        parts = {
            name: np.zeros((len(before), part.shape[1], longest, part.shape[3]), dtype=np.float32)
            for name, part in before[0].parts.items()
        }
        for row, each in enumerate(before):
            mask[row, :, :, : longest - each.count] = HIDDEN
            for name, part in each.parts.items():
                parts[name][row, :, longest - each.count :] = part[0]
        positions = np.array([[each.count] for each in before])
        logits, attention, kept = self._run(
            audio, parts, np.array(tokens)[:, np.newaxis], positions=positions, mask=mask
        )
        stepped: list[tuple[Floats, Floats, TokenMemory]] = []
        for row, each in enumerate(before):
            now = {name: part[row : row + 1, :, longest - each.count :] for name, part in kept.items()}
            look = attention[row, :, :, : audio.steps[row]].transpose(1, 0, 2)
            stepped.append((logits[row], look, TokenMemory(now, each.count + 1)))
        return stepped

    def branch(
        self, audio: EncodedAudio, before: TokenMemory, parents: Sequence[int], tokens: Sequence[int]
    ) -> tuple[Floats, Floats, TokenMemory]:
        """Continue several texts over one window by one token each.

        Text i appends `tokens[i]` to the text `parents[i]` of the cache `before`. Returns the logits after each text
        [texts, vocabulary]; its attention to each time step of the audio [texts, heads, steps]; and the new cache.
        """
        past = before.parts
        if list(parents) != list(range(len(past[self._past]))):
            past = {name: part[list(parents)] for name, part in past.items()}
        mask = np.zeros((1, 1, 1, before.count + 1), dtype=np.float32)
        positions = np.full((len(tokens), 1), before.count)
        logits, attention, kept = self._run(
            audio, past, np.array(tokens)[:, np.newaxis], positions=positions, mask=mask
        )
        return logits[:, 0], attention[:, :, 0], TokenMemory(kept, before.count + 1)

    def _run(
        self,
        audio: EncodedAudio,
        past: dict[str, Floats],
        tokens: NDArray[np.int64],
        *,
        positions: NDArray[np.int64],
        mask: Floats,
        first: int = 0,
    ) -> tuple[Floats, Floats, dict[str, Floats]]:
        logits, attention, *kept = self._decoder.run(
            ["logits", "attention", *self._kept],
            {
                "tokens": tokens,
                "positions": positions,
                "first": np.array([first], dtype=np.int64),
                "mask": mask,
                "audio_mask": audio.mask,
                **past,
                **audio.parts,
            },
        )
        return logits, attention, {f"past_{name}": part for name, part in zip(self._kept, kept, strict=True)}
