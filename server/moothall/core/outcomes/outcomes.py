"""What a log about outcomes holds, folded: a call, the register of policy questions, a report or a document.

It is a module of its own because the state of every log has it in one field.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import outcomes as oe
from moothall.core.outcomes.call import OpenCall, evolve_call
from moothall.core.outcomes.document import OutcomeDocument, evolve_document
from moothall.core.outcomes.register import Register, evolve_register
from moothall.core.outcomes.report import Report, evolve_report
from moothall.core.outcomes.translations import VouchedTranslation, evolve_translations


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a log's state that is about outcomes. By the log's kind, one field says something."""

    call: OpenCall = OpenCall()
    register: Register = Register()
    report: Report = Report()
    document: OutcomeDocument = OutcomeDocument()
    translations: tuple[VouchedTranslation, ...] = ()
    """People's translations of versions of the report or document."""


def evolve_outcomes(outcomes: Outcomes, event: oe.OutcomeFact, at: int) -> Outcomes:
    """Return the outcomes after `event`, logged at Unix ms `at`."""
    replace = msgspec.structs.replace
    if isinstance(event, oe.TranslationEntered):
        return replace(outcomes, translations=evolve_translations(outcomes.translations, event))
    if isinstance(event, oe.CallFact):
        return replace(outcomes, call=evolve_call(outcomes.call, event))
    if isinstance(event, oe.RegisterFact):
        return replace(outcomes, register=evolve_register(outcomes.register, event, at))
    if isinstance(event, oe.ReportFact):
        return replace(outcomes, report=evolve_report(outcomes.report, event, at))
    return replace(outcomes, document=evolve_document(outcomes.document, event, at))
