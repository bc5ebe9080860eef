"""Whisper for live windows on the CPU: CTranslate2's encoder, and a decoder that is given a draft.

CTranslate2 runs the encoder, for which it is the fastest. The decoder is our own graph of the same weights
(`decoder_graph`): it checks a whole draft in the time of two tokens, and it returns its attention, so that words get
their times without another pass. Figures: `docs/why/speech.md`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from moothall.core.kernel.languages import primary
from moothall.core.kernel.letters import letters
from moothall_models.ports import RATE, Floats, HeardWord, Hypothesis, Samples, Window
from moothall_models.recognizers.whisper.attention_times import steps_of_tokens
from moothall_models.recognizers.whisper.beam import WIDTH, search, search_from
from moothall_models.recognizers.whisper.ct2_model import Weights, read_weights
from moothall_models.recognizers.whisper.decoder import EncodedAudio, TokenMemory, WhisperDecoder, side_by_side
from moothall_models.recognizers.whisper.decoder_graph import layers_of
from moothall_models.recognizers.whisper.drafting import DraftText, StepResult, Writing, write, write_all
from moothall_models.recognizers.whisper.readings import other_tokens, unsure
from moothall_models.recognizers.whisper.timestamp_rules import TimestampRules
from moothall_models.recognizers.whisper.whisper import (
    HOP,
    LOW_LOGPROB,
    MS_A_STEP,
    NO_SPEECH,
    TOKENS_A_SECOND,
    TOKENS_AT_LEAST,
    UNSPACED,
    WhisperRecognizer,
    likely,
    own_code,
)
from moothall_models.recognizers.whisper.words import join_pieces, loop_at_the_end, restart, without_foretold

logger = logging.getLogger(__name__)

PADDING_SECONDS = 1.0
"""Least silence after the audio, s. It may be shorter than for CTranslate2's decoder, since this decoder is stopped
where that one would begin the text again."""
AT_ONCE = 4
"""Most windows in a batch of the decoder: a token costs 4.7, 2.7 and 1.9 ms with 1, 2 and 4 windows, but the first
window waits for the last."""
CLOSING = 20
"""A timestamp at most so many time steps of the encoder (20 ms) before the end of the audio ends the text."""
CHECKED = " The meeting is open to all who want to take part."
"""Text by which the two decoders are compared, token by token."""
MOST_APART = 0.15
"""Greatest difference (`apart`) at which the two decoders count as equal; above it, one of them computes wrongly."""


class DraftingWhisper(WhisperRecognizer):
    """A Whisper model on the CPU that uses `Window.draft`."""

    padding_seconds = PADDING_SECONDS

    def __init__(
        self,
        model_dir: Path,
        *,
        model: str,
        threads: int = 1,
        workers: int = 1,
        compute_type: str = "int8",
        trained: Sequence[str] = (),
    ) -> None:
        """Load the model; arguments as in `WhisperRecognizer`.

        Raises ValueError when the weights can't be read, and OSError when there is no room for them in the folder of
        temporary files.
        """
        weights = read_weights(model_dir / "model.bin")
        config = json.loads((model_dir / "config.json").read_bytes())
        super().__init__(
            model_dir, model=model, threads=threads, workers=workers, compute_type=compute_type, trained=trained
        )
        self._decoder = WhisperDecoder(weights, following_heads(config, weights), threads)
        self._trusted = True
        self._rules = TimestampRules(
            end=self._end,
            no_timestamps=self._token("<|notimestamps|>"),
            never=[int(token) for token in config.get("suppress_ids", ()) if token >= 0],
        )
        self._no_speech = self._rules.begin - 2
        multilingual = bool(self._whisper.is_multilingual)
        self._codes = {tag: self._token(f"<|{own_code(tag)}|>") for tag in self.languages} if multilingual else {}
        """The tokens of the languages that the model distinguishes; empty for a model for English only."""

    def warm_up(self) -> None:
        """Compare the own decoder with CTranslate2's, then warm up.

        When their results differ, since a version of a library computes differently, CTranslate2's slower decoder is
        used from then on.
        """
        off = self._apart()
        if not off <= MOST_APART:
            logger.error(
                "The decoder of %s computes wrongly here (%.2f apart from CTranslate2's, which is used instead and "
                "takes longer). Install the versions of requirements/demo.txt.",
                self._model,
                off,
            )
            self._trusted = False
            self.padding_seconds = WhisperRecognizer.padding_seconds
        super().warm_up()

    def _apart(self) -> float:
        """How far the own decoder differs from CTranslate2's (`apart`), on a text that neither of them would write."""
        noise = np.random.default_rng(1).normal(0.0, 0.01, RATE * 3).astype(np.float32)
        encoded = self._encode(noise, 4.0)
        prompt = [*self._start_tokens("en"), self._token("<|notimestamps|>")]
        text: list[int] = self._tokenizer.encode(CHECKED, add_special_tokens=False).ids
        # Tokens given after the prompt count as written, and their logits are returned too.
        result = self._whisper.generate(
            encoded,
            [[*prompt, *text]],
            beam_size=1,
            max_length=len(prompt) + 2 * len(text),
            return_logits_vocab=True,
            suppress_tokens=[],
            suppress_blank=False,
        )[0]
        theirs = np.stack([np.asarray(logits) for logits in result.logits[0][: len(text)]])
        stepper = _Stepper(self._decoder, self._decoder.listen(np.asarray(encoded)))
        ours = [stepper.step(prompt, len(prompt) - 1)[0], stepper.step(text[:1])[0]]
        stepper.step(text[5:2:-1])
        stepper.cut(len(prompt) + 1)
        ours.append(stepper.step(text[1:])[0])
        return apart(np.concatenate(ours)[: len(theirs)], theirs)

    def _encode(self, audio: Samples, seconds: float) -> object:
        return self._whisper.encode(self._storage.from_array(self._mel(audio, seconds)[np.newaxis]))

    @property
    def at_once(self) -> int:
        """How many windows it recognises together in less time; 1 when it has to use CTranslate2's decoder."""
        return AT_ONCE if self._trusted else 1

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """The hypotheses that `recognise` gives for these windows, in their order, with the decoder's steps batched."""
        if len(windows) < 2 or not self._trusted or any(window.rivals for window in windows):
            return super().recognise_all(windows)
        found = self._decode_all([self._open(window, self._seconds(window)) for window in windows])
        return [self._once_more(window, *each) for window, each in zip(windows, found, strict=True)]

    def _decode(self, window: Window, seconds: float) -> tuple[Hypothesis, bool]:
        if not self._trusted:
            return super()._decode(window, seconds)
        if window.rivals and not window.wider:
            heard = self._decoder.listen(np.asarray(self._encode(window.audio[: int(seconds * RATE)], seconds)))
            return Hypothesis(language=window.languages[0], words=(), scores=self._scores(window, heard)), False
        opened = self._open(window, seconds)
        hypothesis, again = self._decode_all([opened])[0]
        return msgspec.structs.replace(hypothesis, scores=self._scores(window, opened.heard)), again

    def _open(self, window: Window, seconds: float) -> _Opened:
        """Encode a window padded to `seconds`, and run the decoder on its prompt."""
        audio = window.audio[: int(seconds * RATE)]
        heard = self._decoder.listen(np.asarray(self._encode(audio, seconds)))
        stepper, begun, no_speech, nothing = self._begin(window, heard)
        cap = int(TOKENS_A_SECOND * len(audio) / RATE) + TOKENS_AT_LEAST
        draft: list[int] = self._tokenizer.encode(window.draft, add_special_tokens=False).ids if window.draft else []
        closing = len(audio) // (RATE * MS_A_STEP // 1000) - CLOSING
        text = write(begun, self._rules, cap=cap, draft=draft, closing=closing)
        return _Opened(
            heard=heard,
            stepper=stepper,
            text=text,
            nothing=nothing,
            no_speech=no_speech,
            frames=len(audio) // HOP,
            told=bool(window.context),
            prompt=stepper.tokens.count,
            window=window,
            committed_tokens=self._tokenizer.encode(
                window.draft[: window.committed_chars], add_special_tokens=False
            ).ids,
            beam=window.beam,
            cap=cap,
            closing=closing,
        )

    def _decode_all(self, opened: Sequence[_Opened]) -> list[tuple[Hypothesis, bool]]:
        """For each window its hypothesis, and whether the decoder looped or reached its limit of tokens."""
        company: tuple[tuple[int, ...], EncodedAudio] = ((), opened[0].heard)

        def together(those: Sequence[int], tokens: Sequence[int]) -> list[StepResult]:
            nonlocal company
            if company[0] != tuple(those):
                company = (tuple(those), side_by_side([opened[each].heard for each in those]))
            return _step_all(self._decoder, company[1], [opened[each].stepper for each in those], tokens)

        written = write_all([each.stepper for each in opened], [each.text for each in opened], together)
        return [self._close(each, text) for each, text in zip(opened, written, strict=True)]

    def _close(self, opened: _Opened, greedy: DraftText) -> tuple[Hypothesis, bool]:
        written = self._searched(opened, greedy)
        text = [index for index, token in enumerate(written.tokens) if token < self._end]
        if not text or _silent(written, opened.no_speech):
            return opened.nothing, False
        loop = loop_at_the_end([written.tokens[index] for index in text])
        language = opened.nothing.language
        odds = self._untold(written, language, opened.heard) if opened.told else [each.p for each in written.choices]
        words = self._timed(written, text[: len(text) - loop], odds, max(1, opened.frames), language)
        if own_code(language) not in UNSPACED:
            words = self._with_readings(opened, greedy, written, words)
        found = msgspec.structs.replace(opened.nothing, words=without_foretold(words))
        return found, loop > 0 or not written.ended

    def _searched(self, opened: _Opened, written: DraftText) -> DraftText:
        """The result of a beam search from the first token in doubt on; `written` itself when none is in doubt, or when
        the window wants no search.
        """
        start = search_from(written, self._rules, beam=opened.beam, committed=opened.committed_tokens)
        if start is None:
            return written
        return search(
            _Branches(self._decoder, opened.heard, opened.stepper.tokens.cut(opened.prompt + start - 1)),
            written,
            start,
            self._rules,
            width=max(WIDTH, opened.beam),
            cap=opened.cap,
            closing=opened.closing,
        )

    def _with_readings(
        self, opened: _Opened, greedy: DraftText, written: DraftText, words: tuple[HeardWord, ...]
    ) -> tuple[HeardWord, ...]:
        """The words, with other readings for the uncertain ones."""
        doubted = unsure(words, opened.window)
        if not doubted:
            return words
        text = [index for index, token in enumerate(written.tokens) if token < self._end]
        pieces = join_pieces(self._pieces([written.tokens[index] for index in text]), spaced=True)
        indices = [text[pieces[number][1]] for number in doubted]
        memory = opened.stepper.tokens
        pairs = zip(greedy.tokens, written.tokens, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if same < indices[-1] - 1:
            # After these tokens the cache is of the greedy text, which the search has replaced.
            again = _Stepper(self._decoder, opened.heard)
            again.tokens = memory.cut(opened.prompt + same)
            again.step(written.tokens[same : indices[-1] - 1])
            memory = again.tokens
        found = list(words)
        for number, index in zip(doubted, indices, strict=True):
            tokens = other_tokens(
                _Branches(self._decoder, opened.heard, memory.cut(opened.prompt + index - 1)),
                written.tokens[:index],
                written.tokens[index],
                self._rules,
                self._goes_on,
            )
            found[number] = msgspec.structs.replace(words[number], others=self._readings(words[number], tokens))
        return tuple(found)

    def _goes_on(self, token: int) -> bool:
        """Whether a token continues a word."""
        text: str = self._tokenizer.decode([token])
        return text[:1].isalnum() or text.startswith(("'", "\u2019", "\ufffd"))  # The last: a part of a character.

    def _readings(self, word: HeardWord, tokens: Sequence[Sequence[int]]) -> tuple[str, ...]:
        """The texts of other readings, each once, without those that differ from the word only in marks or capitals."""
        found = {letters(word.text): ""}
        for each in tokens:
            text: str = self._tokenizer.decode(list(each))
            if (
                text.startswith(" ") and letters(text) and "\ufffd" not in text
            ):  # Other texts continue the previous word, or are punctuation.
                found.setdefault(letters(text), text.strip())
        return tuple(filter(None, found.values()))

    def _begin(self, window: Window, heard: EncodedAudio) -> tuple[_Stepper, StepResult, float, Hypothesis]:
        """Run the decoder on the prompt, for the first language, and again if another language is detected.

        Returns the decoder with its state, the result of the step, the probability that nobody speaks, and a hypothesis
        without words that has the language and the odds.
        """
        context = self._context(window)
        known = [each for each in window.languages if primary(each) in self._codes]
        language = known[0] if known else window.languages[0]
        stepper, begun = self._read_prompt(context, language, heard)
        at_start = begun[0][0]
        odds = np.exp(at_start - at_start.max())
        no_speech = float(odds[self._no_speech] / odds.sum())
        every = likely({tag: float(odds[token]) for tag, token in self._codes.items()})
        if len(window.languages) == 1 or not known:
            return stepper, begun, no_speech, Hypothesis(language=language, words=(), odds=every)
        found = np.array([odds[self._codes[primary(each)]] for each in known])
        likeliest = known[int(found.argmax())]
        if likeliest != language and float(found.max()) >= window.switch_p * max(float(found.sum()), 1e-9):
            language = likeliest
            stepper, begun = self._read_prompt(context, language, heard)
        return stepper, begun, no_speech, Hypothesis(language=language, words=(), likeliest=likeliest, odds=every)

    def _read_prompt(self, context: list[int], language: str, heard: EncodedAudio) -> tuple[_Stepper, StepResult]:
        stepper = _Stepper(self._decoder, heard)
        return stepper, stepper.step([*context, *self._start_tokens(language)], len(context))

    def _untold(self, written: DraftText, language: str, heard: EncodedAudio) -> list[float]:
        """The probability of each token without the prompt's context, which makes the terms in it more probable."""
        odds: list[float] = np.exp(self._log_p(self._start_tokens(language), written.tokens, heard)).tolist()
        return odds

    def _scores(self, window: Window, heard: EncodedAudio) -> tuple[float, ...]:
        """The log probability of each of the window's rivals as its whole text, without the glossary."""
        prompt = [*self._start_tokens(window.languages[0]), self._token("<|notimestamps|>")]
        texts = (self._tokenizer.encode(text, add_special_tokens=False).ids for text in window.rivals)
        return tuple(float(self._log_p(prompt, [*text, self._end], heard).sum()) for text in texts)

    def _log_p(self, prompt: Sequence[int], tokens: Sequence[int], heard: EncodedAudio) -> Floats:
        """The log probability of each of these tokens after the prompt and those before it."""
        logits, _ = _Stepper(self._decoder, heard).step([*prompt, *tokens[:-1]], len(prompt) - 1)
        text = logits[:, : self._rules.begin]
        most = text.max(axis=1)
        sums = most + np.log(np.exp(text - most[:, np.newaxis]).sum(axis=1))
        told: Floats = logits[np.arange(len(logits)), list(tokens)] - sums
        return told

    def _timed(
        self, written: DraftText, indices: list[int], odds: Sequence[float], frames: int, language: str
    ) -> tuple[HeardWord, ...]:
        """The words of the tokens at these indices.

        `odds`: probabilities of all tokens; `frames`: length of the audio without padding, in frames of 10 ms.
        """
        tokens = [written.tokens[index] for index in indices]
        steps = max(1, frames // 2)
        behind = indices[-1] + 1
        begins = steps_of_tokens(written.attention[[*indices, behind], :, :steps])
        at = [step * MS_A_STEP for step in begins]
        words: list[HeardWord] = []
        for text, first, stop in join_pieces(self._pieces(tokens), spaced=own_code(language) not in UNSPACED):
            p = sum(odds[index] for index in indices[first:stop]) / (stop - first)
            words.append(HeardWord(text=text, t0=at[first], t1=at[stop], p=round(p, 3)))
        return tuple(words[: restart(words)])


def following_heads(config: Mapping[str, Any], weights: Weights) -> list[tuple[int, int]]:
    """The decoder's heads, as (layer, head), whose attention follows the audio, from the model's `config.json`.

    Without an entry there, all heads of the upper half of the layers, as in Whisper's published code.
    """
    if named := config.get("alignment_heads"):
        return [(int(layer), int(head)) for layer, head in named]
    layers = layers_of(weights)
    return [(layer, head) for layer in range(layers // 2, layers) for head in range(int(weights["decoder/num_heads"]))]


def _silent(written: DraftText, no_speech: float) -> bool:
    """Whether nobody speaks, by Whisper's own rule: no speech is probable, and the text is improbable."""
    return no_speech > NO_SPEECH and written.log_p < LOW_LOGPROB


class _Stepper:
    """The decoder over one window, with its cache (`Stepping`)."""

    def __init__(self, decoder: WhisperDecoder, audio: EncodedAudio) -> None:
        self._decoder = decoder
        self._audio = audio
        self.tokens: TokenMemory = decoder.nothing

    def step(self, tokens: Sequence[int], first: int = 0) -> StepResult:
        logits, attention, self.tokens = self._decoder.step(self._audio, self.tokens, tokens, first)
        return logits, attention

    def cut(self, count: int) -> None:
        self.tokens = self.tokens.cut(count)


class _Opened(NamedTuple):
    """A window whose text is being written."""

    heard: EncodedAudio
    stepper: _Stepper
    text: Writing
    nothing: Hypothesis
    """A hypothesis without words, which has the language and the odds."""
    no_speech: float
    """Probability that nobody speaks."""
    frames: int
    """Length of the audio without padding, in frames of 10 ms."""
    told: bool
    """Whether the prompt contains context: terms or preceding text."""
    prompt: int
    """Number of tokens in the prompt."""
    window: Window
    committed_tokens: list[int]
    """Tokens of the draft's committed text, which are not to be changed."""
    beam: int
    """Beam width that the window asks for; above 1 for a better pass, 0 for no search."""
    cap: int
    closing: int
    """As in `write`."""


class _Branches:
    """The decoder over several texts of one window, with their cache (`Branching`)."""

    def __init__(self, decoder: WhisperDecoder, audio: EncodedAudio, tokens: TokenMemory) -> None:
        self._decoder = decoder
        self._audio = audio
        self._tokens = tokens

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> StepResult:
        logits, attention, self._tokens = self._decoder.branch(self._audio, self._tokens, parents, tokens)
        return logits, attention


def _step_all(
    decoder: WhisperDecoder, audio: EncodedAudio, steppers: Sequence[_Stepper], tokens: Sequence[int]
) -> list[StepResult]:
    stepped: list[StepResult] = []
    found = decoder.step_all(audio, [stepper.tokens for stepper in steppers], tokens)
    for stepper, (logits, attention, now) in zip(steppers, found, strict=True):
        stepper.tokens = now
        stepped.append((logits, attention))
    return stepped


def apart(ours: Floats, theirs: Floats) -> float:
    """The total variation distance of two decoders' token probabilities, averaged over the tokens: 0 to 1.

    `ours`, `theirs`: logits [tokens, vocabulary]. NaN when one of them contains NaN. Two libraries round 8-bit numbers
    at different points, so the results of the same weights always differ a little. Measured with whisper-tiny.en and
    whisper-base on an x86-64 with AVX-512: 0.03 to 0.05; with the sign of one layer's weights changed, or positions one
    off: 0.18 to 0.96.
    """
    return float(np.abs(_odds(ours) - _odds(theirs)).sum(axis=1).mean() / 2)


def _odds(logits: Floats) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    odds: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return odds
