"""Whisper's decoder with several tokens a step, on the processor."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moothall_models.recognizers.whisper.ct2_model import Weights
from moothall_models.recognizers.whisper.decoder_graph import audio_graph, decoder_graph, layers_of

Floats = NDArray[np.float32]
HIDDEN = -1e9
"""Added to the attention of what must not be seen."""


ALL_OF_IT = np.zeros((1, 1, 1, 1), dtype=np.float32)


class Audio:
    """What the decoder attends to of one window, or of several side by side."""

    def __init__(self, parts: dict[str, Floats], steps: Sequence[int], mask: Floats = ALL_OF_IT) -> None:
        """`steps`: how many steps of the encoder each window has; `mask` hides what lies behind them."""
        self.parts = parts
        self.steps = tuple(steps)
        self.mask = mask


def side_by_side(audios: Sequence[Audio]) -> Audio:
    """Several windows as one; the shorter ones are filled up, and what is filled in is hidden."""
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
    return Audio(parts, steps, mask)


class TokenMemory:
    """What the decoder remembers of the tokens so far."""

    def __init__(self, parts: dict[str, Floats], count: int) -> None:
        self.parts = parts
        self.count = count

    def cut(self, count: int) -> TokenMemory:
        """Only the first `count` of them."""
        if count == self.count:
            return self
        return TokenMemory({name: np.ascontiguousarray(part[:, :, :count]) for name, part in self.parts.items()}, count)


class WhisperDecoder:
    """The decoder's weights, ready to be computed with. May be called from several threads at a time."""

    def __init__(self, weights: Weights, heads: Sequence[tuple[int, int]], threads: int = 1) -> None:
        """`heads`: (layer, head) of those whose attention follows the audio; `threads`: cores that one call may use."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # What it keeps for later is made for one shape each time, and here nearly every call has another.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        # Its worker threads would burn the time between two calls in waiting.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")

        def session(path: Path) -> Any:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

        # By way of files: from memory the library would keep another copy for as long as it lives. What it goes on
        # using of them stays mapped when they are gone.
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
        """Before the first token."""

    def listen(self, encoded: Floats) -> Audio:
        """What the encoder made of one window, [1, steps, width], as the decoder needs it."""
        parts = dict(zip(self._heard, self._audio.run(self._heard, {"encoded": encoded}), strict=True))
        return Audio(parts, [encoded.shape[1]])

    def step(
        self, audio: Audio, before: TokenMemory, tokens: Sequence[int], first: int = 0
    ) -> tuple[Floats, Floats, TokenMemory]:
        """Go on by `tokens`, at least one.

        Returns the logits behind each of them from the `first` on [tokens - first, vocabulary]; how much each looked
        at each step of the audio [tokens, heads, steps]; and what is remembered now.
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
        self, audio: Audio, before: Sequence[TokenMemory], tokens: Sequence[int]
    ) -> list[tuple[Floats, Floats, TokenMemory]]:
        """Go on by one token in each of several windows, which `side_by_side` gave: for each what `step` returns.

        The weights are read once for all of them, and reading them is most of what a step costs.
        """
        longest = max(each.count for each in before)
        mask = np.zeros((len(before), 1, 1, longest + 1), dtype=np.float32)
        # Padding goes in front, so that the new tokens follow their own past in every row.
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
        self, audio: Audio, before: TokenMemory, parents: Sequence[int], tokens: Sequence[int]
    ) -> tuple[Floats, Floats, TokenMemory]:
        """Go on with several texts over one window, each from one of those of `before`, by one token.

        Returns the logits behind each [texts, vocabulary]; how much it looked at each step of the audio [texts, heads,
        steps]; and what is remembered now of all of them.
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
        audio: Audio,
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
