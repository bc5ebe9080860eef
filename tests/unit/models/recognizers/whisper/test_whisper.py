"""Which languages a vocabulary knows; the model itself is tested in tests/integration/models/test_whisper.py."""

from __future__ import annotations

from moothall_models.recognizers.whisper.whisper import languages_known

VOCABULARY = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|de|>",
    "<|no|>",
    "<|jw|>",
    "<|tl|>",
    "<|haw|>",
    "<|transcribe|>",
    "<|0.00|>",
    "de",
    " the",
)


def test_a_multilingual_model_knows_what_it_has_tokens_for() -> None:
    assert languages_known(VOCABULARY) == ("de", "en", "fil", "haw", "jv", "jw", "nb", "no", "tl")


def test_a_distilled_model_knows_what_it_was_trained_on() -> None:
    assert languages_known(VOCABULARY, ("en", "nb")) == ("en", "nb", "no")
    assert languages_known(VOCABULARY, ("en-GB", "sw")) == ("en",)
