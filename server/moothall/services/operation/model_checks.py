"""Checks whether a server's models are installed and work: the engine's model in a short pass, and each translator."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.services.operation.findings import Finding, fine, mend, unseen
from moothall.wire.trial import ModelTrial, TranslatorTrial

SLOW_PERCENT = 100
"""Duration of a pass, in percent of the sound's, from which on the text falls behind."""


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The weights of the engine's model."""

    name: str
    count: int
    """Number of engines that the server itself runs."""
    faults: tuple[str, ...] = ()
    """What is wrong with the files, one sentence for each fault."""
    files: int = 0
    """Number of files whose hashes are right."""
    errors: str = ""
    """The sentence about how many words come out wrong, by language; empty where nobody has measured it."""


def check_model(facts: ModelFacts) -> Finding:
    """Check whether the model's files exist and match the manifest."""
    if not facts.count:
        return unseen("Model", "The server has no engine of its own: the engines elsewhere have the model.")
    if facts.name.startswith("openai:"):
        return unseen("Model", "A service recognises; no model of this machine is needed.")
    if facts.faults:
        return mend("Model", " ".join(facts.faults))
    if not facts.files:
        return unseen("Model", f"{facts.name} is no model of the store.")
    there = f"{facts.name}: all {facts.files} files are there, and their hashes right."
    return fine("Model", f"{there} {facts.errors}".rstrip())


def check_engine(facts: ModelFacts, trial: ModelTrial | None, connected: int | None) -> Finding:
    """Check whether an engine recognises: by its short pass, or, where the server runs, by whether one is connected.

    `trial` is None where no trial was made; `connected` is the number of engines, None where no server runs.
    """
    topic = "Engine"
    beside = "" if connected is None else f" Engines that are connected to the server: {connected}."
    if trial is not None and trial.trouble:
        return mend(topic, trial.trouble)
    if connected == 0:
        return mend(
            topic,
            "None is connected to the server that runs. Look at its log, or start one (docs/how-to/remote-engine.md).",
        )
    if trial is None:
        if connected is not None:
            return fine(topic, beside.strip())
        why = "The model has to be there first." if facts.faults else "No server runs, and none of its own was tried."
        return unseen(topic, why)
    said = (
        f"{trial.model} was loaded in {trial.load_ms / 1000:.1f} s and hears {trial.sound_ms / 1000:.0f} s of sound in "
        f"{trial.pass_ms / 1000:.1f} s."
    )
    if trial.pass_ms * 100 >= SLOW_PERCENT * trial.sound_ms:
        return mend(topic, f"{said} That is slower than speech: take a smaller model, or a machine that is quicker.")
    return fine(topic, said + beside)


def check_translators(wanted: Sequence[str], trials: Sequence[TranslatorTrial]) -> list[Finding]:
    """Check whether each translator that the settings name can be loaded. A translator that isn't installed is no fault
    while another one is.
    """
    if not wanted:
        return [unseen("Translators", "The settings name none of this machine.")]
    found = []
    for each in trials:
        topic = f"Translator {each.name}"
        if each.trouble:
            found.append(mend(topic, each.trouble))
        elif each.directions:
            found.append(fine(topic, f"Directions: {', '.join(each.directions)}."))
        else:
            found.append(unseen(topic, each.missing or "Nothing is installed for it."))
    if not any(each.directions for each in trials):
        found.append(
            mend(
                "Translators",
                "None of those that the settings name can do a direction: nothing will be translated. "
                "docs/how-to/add-a-language.md says what to install; or set translators of [translation] to [].",
            )
        )
    return found
