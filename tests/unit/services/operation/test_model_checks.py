from __future__ import annotations

import msgspec

from moothall.services.operation.findings import Verdict
from moothall.services.operation.model_checks import ModelFacts, check_engine, check_model, check_translators
from moothall.wire.trial import ModelTrial, TranslatorTrial

HERE = ModelFacts(name="whisper-base", count=1, files=5)
QUICK = ModelTrial(model="whisper-base", load_ms=900, sound_ms=10_000, pass_ms=1_200)


def test_the_models_files() -> None:
    assert check_model(HERE).verdict is Verdict.FINE
    assert check_model(msgspec.structs.replace(HERE, errors="So many.")).sentence.endswith("hashes right. So many.")
    damaged = ModelFacts(name="whisper-base", count=1, faults=("model.bin is not what it should be.",), files=5)
    assert check_model(damaged).verdict is Verdict.MEND
    assert "model.bin" in check_model(damaged).sentence
    for name, count in (("whisper-base", 0), ("openai:w@https://api.example.org/v1", 1), ("scripted:talk.json", 1)):
        assert check_model(ModelFacts(name=name, count=count)).verdict is Verdict.UNSEEN


def test_an_engine_that_is_quicker_than_speech() -> None:
    found = check_engine(HERE, QUICK, None)
    assert (found.verdict, found.sentence) == (
        Verdict.FINE,
        "whisper-base was loaded in 0.9 s and hears 10 s of sound in 1.2 s.",
    )
    assert "connected to the server: 2." in check_engine(HERE, QUICK, 2).sentence


def test_an_engine_that_is_slower_or_does_not_start_or_is_away() -> None:
    slow = ModelTrial(model="whisper-large", load_ms=900, sound_ms=10_000, pass_ms=10_000)
    assert "slower than speech" in check_engine(HERE, slow, 1).sentence
    assert check_engine(HERE, slow, 1).verdict is Verdict.MEND
    broken = ModelTrial(model="whisper-base", trouble="It can't be loaded: RuntimeError: no such file")
    assert check_engine(HERE, broken, 1).verdict is Verdict.MEND
    assert check_engine(HERE, QUICK, 0).verdict is Verdict.MEND


def test_no_engine_was_tried() -> None:
    assert check_engine(HERE, None, 2).verdict is Verdict.FINE
    assert "No server runs" in check_engine(HERE, None, None).sentence
    missing = ModelFacts(name="whisper-base", count=1, faults=("It isn't here.",))
    assert "has to be there first" in check_engine(missing, None, None).sentence


def test_translators() -> None:
    good = TranslatorTrial(name="bergamot", directions=("en>pt", "pt>en"))
    absent = TranslatorTrial(name="argos", missing="Install a package.")
    broken = TranslatorTrial(name="apertium", directions=("pt>es",), trouble="It doesn't translate sanely.")
    found = check_translators(("bergamot", "argos", "apertium"), (good, absent, broken))
    assert [each.verdict for each in found] == [Verdict.FINE, Verdict.UNSEEN, Verdict.MEND]
    assert "en>pt, pt>en" in found[0].sentence
    nothing = check_translators(("argos",), (TranslatorTrial(name="argos"),))
    assert [each.verdict for each in nothing] == [Verdict.UNSEEN, Verdict.MEND]
    assert check_translators((), ())[0].verdict is Verdict.UNSEEN
