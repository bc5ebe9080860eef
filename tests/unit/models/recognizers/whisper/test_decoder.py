"""The graph of a small random decoder, compared with the same decoder written out in numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.ct2_model import Weights
from moothall_models.recognizers.whisper.decoder import TokenMemory, WhisperDecoder, side_by_side
from support.models.little_decoder import FOLLOWING, HEADS, LAYERS, STEPS, VOCABULARY, WIDTH, random_weights

WEIGHTS = random_weights()
ENCODED = np.random.default_rng(2).standard_normal((1, STEPS, WIDTH)).astype(np.float32)
TOKENS = [int(token) for token in np.random.default_rng(3).integers(0, VOCABULARY, 12)]
ROUNDED = 0.03
"""How far off 8-bit numbers may be, as a share of the logits' spread."""


@pytest.fixture(scope="module")
def decoder() -> WhisperDecoder:
    return WhisperDecoder(WEIGHTS, FOLLOWING)


class Slow:
    """Whisper's decoder by its definition, all tokens at once, in float64."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def forward(self, tokens: Sequence[int], encoded: Floats) -> tuple[Floats, Floats]:
        """Logits [tokens, vocabulary] and the attention of the heads that follow [tokens, heads, steps]."""
        sound = encoded[0].astype(np.float64)
        x = self._of("embeddings/weight")[list(tokens)] + self._of("position_encodings/encodings")[: len(tokens)]
        before = np.tril(np.ones((len(tokens), len(tokens)), dtype=bool))
        looks = {}
        for layer in range(LAYERS):
            name = f"layer_{layer}"
            query, key, value = np.split(
                self._linear(self._norm(x, f"{name}/self_attention"), f"{name}/self_attention/linear_0"), 3, axis=1
            )
            seen, _ = self._attend(query, key, value, before)
            x = x + self._linear(seen, f"{name}/self_attention/linear_1")
            query = self._linear(self._norm(x, f"{name}/attention"), f"{name}/attention/linear_0")
            key, value = np.split(self._linear(sound, f"{name}/attention/linear_1"), 2, axis=1)
            seen, odds = self._attend(query, key, value, np.ones((len(tokens), STEPS), dtype=bool))
            looks.update({(layer, head): odds[head] for head in range(HEADS)})
            x = x + self._linear(seen, f"{name}/attention/linear_2")
            wide = self._linear(self._norm(x, f"{name}/ffn"), f"{name}/ffn/linear_0")
            gelu = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
            x = x + self._linear(gelu, f"{name}/ffn/linear_1")
        logits = self._norm(x, "") @ self._of("projection/weight").T
        return logits, np.stack([looks[each] for each in FOLLOWING], axis=1)

    def _of(self, name: str) -> Floats:
        return self._weights[f"decoder/{name}"].astype(np.float64)

    def _linear(self, x: Floats, name: str) -> Floats:
        made: Floats = x @ self._of(f"{name}/weight").T + self._of(f"{name}/bias")
        return made

    def _norm(self, x: Floats, name: str) -> Floats:
        name = f"{name}/layer_norm".removeprefix("/")
        off = x - x.mean(axis=1, keepdims=True)
        spread: Floats = np.sqrt((off**2).mean(axis=1, keepdims=True, dtype=x.dtype) + 1e-5)
        evened: Floats = off / spread * self._of(f"{name}/gamma") + self._of(f"{name}/beta")
        return evened

    def _attend(
        self, query: Floats, key: Floats, value: Floats, seen: np.ndarray[tuple[int, int], np.dtype[np.bool]]
    ) -> tuple[Floats, Floats]:
        """What each of the queries gathers, and its attention [heads, queries, keys]."""
        d = WIDTH // HEADS
        gathered, odds = [], []
        for head in range(HEADS):
            part = slice(head * d, (head + 1) * d)
            scores = np.where(seen, query[:, part] @ key[:, part].T / math.sqrt(d), -np.inf)
            raised = np.exp(scores - scores.max(axis=1, keepdims=True))
            odds.append(raised / raised.sum(axis=1, keepdims=True))
            gathered.append(odds[-1] @ value[:, part])
        return np.concatenate(gathered, axis=1), np.stack(odds)


def off_by(found: Floats, expected: Floats) -> float:
    """The mean difference, as a share of the spread of what is expected."""
    return float(np.sqrt(((found - expected) ** 2).mean()) / expected.std())


def together(decoder: WhisperDecoder, tokens: Sequence[int] = TOKENS) -> tuple[Floats, Floats, TokenMemory]:
    return decoder.step(decoder.listen(ENCODED), decoder.nothing, tokens)


def test_it_computes_what_the_definition_says(decoder: WhisperDecoder) -> None:
    logits, attention, _ = together(decoder)
    expected, looks = Slow(WEIGHTS).forward(TOKENS, ENCODED)
    assert logits.shape == (len(TOKENS), VOCABULARY)
    assert attention.shape == (len(TOKENS), len(FOLLOWING), STEPS)
    assert off_by(logits, expected) < ROUNDED
    assert off_by(attention, looks) < ROUNDED
    assert (logits.argmax(axis=1) == expected.argmax(axis=1)).all()


def test_attention_is_shared_out(decoder: WhisperDecoder) -> None:
    _, attention, _ = together(decoder)
    assert (attention >= 0).all()
    assert attention.sum(axis=2) == pytest.approx(np.ones((len(TOKENS), len(FOLLOWING))), abs=1e-5)


@pytest.mark.parametrize("pieces", [[1] * 12, [5, 7], [3, 1, 1, 7], [11, 1]])
def test_several_tokens_at_once_are_as_one_after_the_other(decoder: WhisperDecoder, pieces: list[int]) -> None:
    expected, looks, _ = together(decoder)
    audio, now, at = decoder.listen(ENCODED), decoder.nothing, 0
    for length in pieces:
        logits, attention, now = decoder.step(audio, now, TOKENS[at : at + length])
        # Not to the last bit: the library rounds one token's activations otherwise than those of several.
        assert off_by(logits, expected[at : at + length]) < ROUNDED
        assert attention == pytest.approx(looks[at : at + length], abs=0.01)
        at += length
        assert now.count == at


def test_only_the_logits_that_are_wanted_are_computed(decoder: WhisperDecoder) -> None:
    whole, looks, _ = together(decoder)
    logits, attention, _ = decoder.step(decoder.listen(ENCODED), decoder.nothing, TOKENS, 9)
    assert off_by(logits, whole[9:]) < ROUNDED
    assert attention == pytest.approx(looks, abs=1e-6)


def test_what_is_cut_off_has_never_been(decoder: WhisperDecoder) -> None:
    audio = decoder.listen(ENCODED)
    _, _, some = decoder.step(audio, decoder.nothing, TOKENS[:7])
    _, _, more = decoder.step(audio, some, [299, 298, 297])
    assert more.cut(10) is more
    cut = more.cut(7)
    assert cut.count == 7
    expected, looks, _ = decoder.step(audio, some, TOKENS[7:])
    logits, attention, _ = decoder.step(audio, cut, TOKENS[7:])
    assert (logits == expected).all()
    assert (attention == looks).all()


def test_it_may_be_called_from_two_threads(decoder: WhisperDecoder) -> None:
    texts = [TOKENS, TOKENS[::-1], TOKENS[3:], TOKENS[:2]] * 4
    alone = [together(decoder, each)[0] for each in texts]
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda each: together(decoder, each)[0], texts))
    assert all((one == other).all() for one, other in zip(found, alone, strict=True))


def test_windows_may_be_of_any_length(decoder: WhisperDecoder) -> None:
    for steps in (1, 7, STEPS):
        _, attention, _ = decoder.step(decoder.listen(ENCODED[:, :steps]), decoder.nothing, TOKENS[:3])
        assert attention.shape == (3, len(FOLLOWING), steps)


def test_windows_side_by_side_are_as_each_alone(decoder: WhisperDecoder) -> None:
    """Of other lengths, and with other numbers of tokens behind them."""
    audios = [decoder.listen(ENCODED[:, :steps]) for steps in (STEPS, STEPS // 2, STEPS - 1)]
    begun = [TOKENS[:5], TOKENS[3:5], TOKENS[1:9]]
    alone = [decoder.step(audio, decoder.nothing, tokens)[2] for audio, tokens in zip(audios, begun, strict=True)]
    company, shared = list(alone), side_by_side(audios)
    for token in (4, 11, 2):
        tokens = [token, token + 1, token]
        stepped = decoder.step_all(shared, company, tokens)
        for row, (audio, each) in enumerate(zip(audios, stepped, strict=True)):
            logits, attention, alone[row] = decoder.step(audio, alone[row], [tokens[row]])
            assert off_by(each[0], logits) < ROUNDED
            assert each[1].shape == attention.shape
            assert each[1] == pytest.approx(attention, abs=0.01)
            assert each[2].count == alone[row].count
        company = [each[2] for each in stepped]
    # And each goes on alone from there.
    for row, audio in enumerate(audios):
        after_company, _, _ = decoder.step(audio, company[row].cut(company[row].count - 1), [7, 8])
        after_alone, _, _ = decoder.step(audio, alone[row].cut(alone[row].count - 1), [7, 8])
        assert off_by(after_company, after_alone) < ROUNDED


def test_one_window_is_its_own_company(decoder: WhisperDecoder) -> None:
    audio = decoder.listen(ENCODED)
    assert side_by_side([audio]) is audio


def test_texts_that_branch_are_as_each_alone(decoder: WhisperDecoder) -> None:
    audio = decoder.listen(ENCODED)
    _, _, begun = decoder.step(audio, decoder.nothing, TOKENS[:4])
    branches = begun
    texts = [TOKENS[:4]]
    for parents, tokens in (([0], [9]), ([0, 0, 0], [5, 6, 7]), ([2, 0, 0], [1, 2, 3]), ([0, 1], [8, 8])):
        logits, attention, branches = decoder.branch(audio, branches, parents, tokens)
        texts = [[*texts[parent], token] for parent, token in zip(parents, tokens, strict=True)]
        assert branches.count == len(texts[0])
        for row, text in enumerate(texts):
            expected, looks, _ = together(decoder, text)
            assert off_by(logits[row], expected[-1]) < ROUNDED
            assert attention[row] == pytest.approx(looks[-1], abs=0.01)
