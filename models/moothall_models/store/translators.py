"""The translators of this machine, with the models and packages that are in its store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.store.where import firefox_folder, open_store, packages_folder
from moothall_models.translators.apertium import ApertiumTranslator
from moothall_models.translators.argos import ArgosTranslator, argos_library
from moothall_models.translators.argos_package import installed_packages
from moothall_models.translators.bergamot import BergamotTranslator
from moothall_models.translators.echo import EchoTranslator
from moothall_models.translators.firefox import FirefoxTranslator
from moothall_models.translators.firefox_model import installed_models
from moothall_models.translators.port import Translator


def find_translators(only: Sequence[str] = ()) -> tuple[Translator, ...]:
    """Make the translators of this machine.

    `only`: names of the translators to use; by default Bergamot, Apertium, Argos and Firefox, with `none` none. Raises
    ConfigurationError for an unknown name.
    """
    kinds: dict[str, Callable[[], Translator]] = {
        "bergamot": BergamotTranslator,
        "apertium": ApertiumTranslator,
        "argos": _argos,
        "firefox": _firefox,
    }
    named: dict[str, Callable[[], Translator]] = {"argostranslate": _argos_library}
    if tuple(only) == ("echo",):
        return (EchoTranslator(),)
    if tuple(only) == ("none",):
        return ()
    unknown = [name for name in only if name not in kinds | named]
    if unknown:
        raise ConfigurationError(f"There is no translator {unknown[0]!r}; there are {', '.join(kinds | named)}.")
    used = {name: kind for name, kind in (kinds | named).items() if name in only} if only else kinds
    return tuple(kind() for kind in used.values())


def _argos() -> Translator:
    """The translator of the installed packages of Argos Translate, run by CTranslate2."""
    return ArgosTranslator(installed_packages(packages_folder(open_store().folder)))


def _firefox() -> Translator:
    """The translator of the models of Firefox Translations that are in the store."""
    return FirefoxTranslator(installed_models(firefox_folder(open_store().folder)))


def _argos_library() -> Translator:
    """The translator of the same packages, run by the library `argostranslate`; used only if it is named."""
    return argos_library(installed_packages(packages_folder(open_store().folder)))
