"""`rebuttal draft`: write or replace the answer to one case, from a playbook or one's own words, and lint it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from pathlib import Path

from agent.errors import LintBlocked, UsageFault
from agent.evidence import Playbook, fill_template
from agent.policy import ActionRule
from agent.records import OPEN, Action, Case
from agent.sending.packet import Draft, DraftFile
from agent.words import say
from flows import terms
from flows.context import Context
from flows.naming import the_case
from flows.readiness import DraftReport, Rules, examined, rules_for, usual_playbook

OVER = ("deadline", "spent")
"""Findings after which nothing can come of a draft any more."""


def draft(
    ctx: Context,
    ref: str,
    *,
    action: Action,
    values: dict[str, str],
    text: str | None,
    files: tuple[tuple[str, Path], ...],
    overrides: dict[str, str],
    by: str,
    playbook: str | None = None,
    note_language: str | None = None,
    keep_files: bool = True,
) -> DraftReport:
    """Save the draft and say what lint finds; with nothing that blocks, freeze its packet too.

    `values` are answers by field key, and by place for what the playbook's note leaves open. Without a text the
    playbook for the buyer's reason gives one; `playbook` names another ("-": the one for the reason). What is not
    given (the answers, the files) stays as the draft before had it, so that a draft can be mended piece by piece, and
    giving nothing saves it anew against the case as it is now; without `keep_files` the given files are all there are.
    Overrides last as long as the draft is not changed.

    A draft with blocking findings is saved too. `LintBlocked` where nothing can come of it any more: the deadline
    passed, the tries are spent, the case is over. `UsageFault` for what is not there.
    """
    case = the_case(ctx, ref)
    rules = rules_for(ctx, case, action)
    before = ctx.store.ledger.draft(case.key, action)
    book = _playbook(case, rules, playbook)
    answers, missing = _answers(
        case, rules, values, text, before, book, asked=playbook is not None, language=note_language
    )
    attached = tuple(DraftFile(kind=kind, path=str(path.expanduser().absolute())) for kind, path in files)
    if not attached and before is not None and keep_files:
        attached = before.files
    changed = before is None or (answers, attached) != (before.values, before.files)
    made = Draft(
        case=case.key,
        action=action,
        values=answers,
        files=attached,
        by=by,
        at=ctx.clock(),
        case_revision=case.revision,
        overrides=overrides if changed or before is None else before.overrides | overrides,
    )
    report = examined(ctx, case, made, rules, missing)
    _refuse_what_is_over(case, report)
    _check_overrides(report, overrides)
    ctx.store.ledger.save_draft(made)
    if report.packet is not None:
        ctx.store.ledger.freeze(report.packet)
    return replace(report, playbook=book)


def text_field(rule: ActionRule) -> str | None:
    """The key of the form's main text: of the texts that a person writes the one with the most room, of equals the
    first. One of a fixed form, such as a tracking number, an e-mail or a link, is it only where there is no other."""
    texts = {key: field for key, field in rule.fields.items() if field.kind == "text" and not field.disabled}
    return max(texts, key=lambda key: (texts[key].pattern is None, texts[key].max_chars or inf), default=None)


def _playbook(case: Case, rules: Rules, named: str | None) -> Playbook | None:
    """The playbook `named`, or the one for the buyer's reason."""
    if named in (None, "-"):
        found = usual_playbook(case, rules)
    else:
        found = next((book for book in rules.playbooks if book.key == named), None)
    if found is None and named is not None:
        raise UsageFault(
            say("No playbook fits the reason of {ref}.", ref=case.key.ref)
            if named == "-"
            else say("There is no playbook “{name}”.", name=named),
            say("Choose one of: {names}.", names=", ".join(book.key for book in rules.playbooks) or "–"),
        )
    return found


def _answers(
    case: Case,
    rules: Rules,
    values: Mapping[str, str],
    text: str | None,
    before: Draft | None,
    book: Playbook | None,
    *,
    asked: bool,
    language: str | None,
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The form's answers, and the places of the note that no one has filled."""
    fields = rules.action.fields
    given = {key: value for key, value in values.items() if key in fields}
    places = {key: value for key, value in values.items() if key not in fields}
    note = text_field(rules.action)
    if text is not None:
        if note is None:
            raise UsageFault(say("The form takes no text."), say("Leave --text out."))
        if note in given:
            raise UsageFault(say("The text is given twice, with --text and as {key}.", key=note), say("Leave one out."))
        given[note] = text
    if language is not None and (note in given or book is None):
        raise UsageFault(
            say("There is no playbook's note to take in “{language}”.", language=language),
            say("Leave --note-language out, or the text."),
        )
    wanted = asked or language is not None or bool(places) or (before is None and note not in given)
    if book is None or not wanted:
        # Places that no note asks for stay in the draft, so that lint names them.
        return (dict(before.values) if before else {}) | given | places, ()
    answers = {key: value for key, value in book.values.items() if key in fields}
    missing: tuple[str, ...] = ()
    if note is not None and note not in given:
        tongue = language or _tongue(book, fields[note].languages)
        answers[note], missing = fill_template(book.note(tongue), case, places)
        places = {key: value for key, value in places.items() if key not in book.placeholders(tongue)}
    return answers | given | places, missing


def _tongue(book: Playbook, languages: tuple[str, ...]) -> str:
    """The language of the note: the first that the portal reads and the playbook has."""
    return next((one for one in languages if one in book.notes), next(iter(book.notes), ""))


def _refuse_what_is_over(case: Case, report: DraftReport) -> None:
    """A draft that nothing can come of is not begun."""
    over = [one for one in report.blocked if one.code.rpartition(".")[2] in OVER]
    if over:
        raise LintBlocked(
            say("{ref}: {why}", ref=case.key.ref, why=over[0].words),
            say("Nothing was saved. `rebuttal show {ref}` tells what is left to do.", ref=case.key.ref),
        )
    if case.status.is_ not in OPEN and report.draft.action not in case.actions:
        raise LintBlocked(
            say(
                "{ref} is over at the portal (“{shown}”); it takes no “{action}” any more.",
                ref=case.key.ref,
                shown=case.status.shown,
                action=terms.action(report.draft.action),
            ),
            say("Nothing was saved. If you see it open at the portal, run `rebuttal sync` and try again."),
        )


def _check_overrides(report: DraftReport, overrides: Mapping[str, str]) -> None:
    """An override must name a finding that is there and may be let stand, and give a reason."""
    found = {one.code: one for one in report.findings}
    for code, reason in overrides.items():
        if code not in found:
            raise UsageFault(
                say("There is no finding “{code}” on this draft to let stand.", code=code),
                say("The findings are: {codes}.", codes=", ".join(found) or "–"),
            )
        if not found[code].overridable:
            raise UsageFault(
                say("“{code}” can't be let stand: {words}", code=code, words=found[code].words),
                say("The portal itself refuses it. Correct the draft."),
            )
        if not reason.strip():
            raise UsageFault(say("“{code}” is let stand without a reason.", code=code), say("Write CODE=REASON."))
