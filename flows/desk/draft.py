"""The draft: the portal's form with its limits, evidence, checklist, and what lint says in its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from starlette.datastructures import UploadFile
from starlette.responses import Response

from agent.errors import LintBlocked, RebuttalError, UsageFault
from agent.evidence import FileFacts, Finding, Playbook, fill_template, sufficient
from agent.policy import FieldRule
from agent.records import Action, Case
from agent.sending.packet import Draft, DraftFile
from agent.words import Words, say
from flows import attach
from flows import draft as drafting
from flows.cases import one
from flows.desk.call import Call, NotThere, at
from flows.readiness import DraftReport, Rules, examined, rules_for, usual_playbook

_FIRST_OF = ("appeal", "reply", "propose_solution")


@dataclass(frozen=True)
class Field:
    """One field of the form as the page shows it. `shown`: the portal's own label, in the portal's language."""

    key: str
    rule: FieldRule
    shown: str
    english: str
    value: str
    options: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    other: tuple[str, str] | None
    """The playbook's note in another language than the draft's, filled in: language and text."""


@dataclass(frozen=True)
class Attached:
    """One file of the draft."""

    number: int
    kind: str
    facts: FileFacts | None
    name: str
    findings: tuple[Finding, ...]


def show(call: Call) -> Response:
    """The form, with what was saved last or what the playbook proposes."""
    case, action = _what(call)
    rules = rules_for(call.ctx, case, action)
    draft = call.ctx.store.ledger.draft(case.key, action)
    return _page(call, case, action, rules, draft)


def save(call: Call) -> Response:
    """Keep what was typed and handed in, and say what lint finds."""
    case, action = _what(call)
    rules = rules_for(call.ctx, case, action)
    before = call.ctx.store.ledger.draft(case.key, action)
    if call.text("stamp") != _stamp(before) and call.text("anyway") != "yes":
        return _page(
            call,
            case,
            action,
            rules,
            _typed(call, case, action, before),
            status=409,
            fault=say(
                "{by} has saved this draft meanwhile. What you typed is below and not saved.",
                by=before.by if before else "?",
            ),
            conflict=True,
        )
    try:
        report = _saved(call, case, action, rules, before)
    except (UsageFault, LintBlocked) as fault:
        typed = _typed(call, case, action, before)
        return _page(call, case, action, rules, typed, status=400, fault=fault.said, todo=fault.todo)
    call.tell(
        say("Saved. Nothing stands in the way: look at the packet.")
        if report.packet is not None
        else say("Saved. {count} findings stand in the way.", count=len(report.blocked)),
        "good" if report.packet is not None else "warn",
    )
    return call.go(at("draft", case.key, action=action))


def _saved(call: Call, case: Case, action: Action, rules: Rules, before: Draft | None) -> DraftReport:
    values = _values(call, rules)
    filling = call.text("do") == "playbook"
    places = {name: value.strip() for name, value in call.texts("place.").items() if value.strip()}
    note = drafting.text_field(rules.action)
    if filling and note is not None:
        values.pop(note, None)
    return drafting.draft(
        call.ctx,
        case.key.ref,
        action=action,
        values={key: value for key, value in values.items()} | (places if filling else {}),
        text=None,
        files=tuple((file.kind, Path(file.path)) for file in _files(call, case, before)),
        overrides={code: why for code, why in call.texts("let.").items() if why.strip()} if not filling else {},
        by=call.person.name,
        playbook=(call.text("playbook") or "-") if filling else None,
        note_language=(call.text("note_language") or None) if filling else None,
        keep_files=False,
    )


def _values(call: Call, rules: Rules) -> dict[str, str]:
    """What was typed, chosen and ticked; a tick that is not sent is a no."""
    given = call.texts("field.")
    values: dict[str, str] = {}
    for key, field in rules.action.fields.items():
        if field.disabled:
            continue
        if field.kind == "tick":
            values[key] = "yes" if given.get(key) == "yes" else "no"
        elif key in given:
            values[key] = given[key].replace("\r\n", "\n")
    return values


def _files(call: Call, case: Case, before: Draft | None) -> list[DraftFile]:
    """The files that stay, in their order, then those handed in now."""
    kept: list[DraftFile] = []
    for number, file in enumerate(before.files if before else ()):
        if call.text(f"drop.{number}") != "yes":
            kind = call.text(f"kind.{number}") or file.kind
            kept.append(DraftFile(kind=kind, path=file.path))
    kinds = [kind for name, kind in call.form.multi_items() if name == "new_kind" and isinstance(kind, str)]
    fallback = call.text("kind")
    number = 0
    for name, upload in call.form.multi_items():
        if name != "files" or not isinstance(upload, UploadFile) or not upload.filename:
            continue
        upload.file.seek(0)
        path = attach.keep(call.ctx, case.key, upload.filename, upload.file.read())
        kind = kinds[number] if number < len(kinds) and kinds[number] else fallback
        kept.append(DraftFile(kind=kind or "Evidence", path=str(path)))
        number += 1
    return kept


def _typed(call: Call, case: Case, action: Action, before: Draft | None) -> Draft:
    """What was typed, as a draft that is shown again and not saved."""
    rules = rules_for(call.ctx, case, action)
    return Draft(
        case=case.key,
        action=action,
        values=(before.values if before else {}) | _values(call, rules),
        files=before.files if before else (),
        by=call.person.name,
        at=call.now,
        case_revision=case.revision,
        overrides={},
    )


def _page(
    call: Call,
    case: Case,
    action: Action,
    rules: Rules,
    draft: Draft | None,
    *,
    status: int = 200,
    fault: Words | None = None,
    todo: Words | None = None,
    conflict: bool = False,
) -> Response:
    book = usual_playbook(case, rules)
    given = call.text("playbook") or call.request.query_params.get("playbook", "")
    chosen = next((one for one in rules.playbooks if one.key == given), book)
    report, trouble = _examined(call, case, draft, rules)
    findings = report.findings if report else ()
    facts = report.files if report else ()
    kinds = rules.action.files.kinds if rules.action.files else ()
    files = _attached(draft, facts, findings)
    concerned = {key for key in rules.action.fields} | {file.name for file in files}
    missing = sufficient(chosen, draft.files if draft else ())[1] if chosen else ()
    stored = call.ctx.store.ledger.draft(case.key, action)
    return call.page(
        "draft.html",
        status=status,
        case=case,
        action=action,
        rules=rules,
        rule=rules.action,
        draft=draft,
        stamp=_stamp(stored),
        saved=stored is not None,
        fields=_fields(case, rules, draft, chosen, findings),
        files=files,
        kinds=_kinds(case, rules, kinds),
        guess=next((want.kind for want in missing), kinds[0] if kinds else ""),
        book=chosen,
        usual=book,
        playbooks=[b for b in rules.playbooks if _fits(b, case, rules)],
        places=_places(case, rules, chosen),
        missing=missing,
        enough=not missing if chosen else None,
        findings=findings,
        general=[one for one in findings if one.concerns not in concerned],
        blocked=report.blocked if report else [],
        packet=report.packet if report else None,
        fault=fault or (trouble.said if trouble else None),
        todo=todo or (trouble.todo if trouble else None),
        conflict=conflict,
        portal=call.ctx.portal(case.portal),
        zones=call.zones(case.portal, case.account),
        view=one(call.ctx, case.key.ref),
    )


def _examined(
    call: Call, case: Case, draft: Draft | None, rules: Rules
) -> tuple[DraftReport | None, RebuttalError | None]:
    """The draft as everything is now; a file that is gone is told and does not hide the form."""
    if draft is None:
        return None, None
    try:
        return examined(call.ctx, case, draft, rules), None
    except UsageFault as fault:
        return None, fault


def _fields(
    case: Case, rules: Rules, draft: Draft | None, book: Playbook | None, findings: tuple[Finding, ...]
) -> list[Field]:
    proposed: dict[str, str] = dict(book.values) if book and draft is None else {}
    note = drafting.text_field(rules.action)
    made = []
    for key, rule in rules.action.fields.items():
        value = (draft.values.get(key, "") if draft else "") or proposed.get(key, "")
        if key == note and draft is None and book is not None:
            tongue = _tongue(book, rule)
            value = fill_template(book.notes[tongue], case, {})[0] if tongue else ""
        made.append(
            Field(
                key=key,
                rule=rule,
                shown=rules.labels.in_language(rule.label, rules.language),
                english=rules.labels.in_language(rule.label, "en"),
                value=value,
                options=tuple(
                    (o, rules.labels.in_language(label, rules.language)) for o, label in rule.options.items()
                ),
                findings=tuple(f for f in findings if f.concerns == key),
                other=_other(case, book, rule, draft) if key == note else None,
            )
        )
    return made


def _tongue(book: Playbook, rule: FieldRule) -> str:
    return next((t for t in rule.languages if t in book.notes), next(iter(book.notes), ""))


def _other(case: Case, book: Playbook | None, rule: FieldRule, draft: Draft | None) -> tuple[str, str] | None:
    """The playbook's note in the language that the form's is not in, to be read beside it."""
    if book is None:
        return None
    first = _tongue(book, rule)
    other = next((t for t in ("zh", "en", *book.notes) if t in book.notes and t != first), None)
    return (other, fill_template(book.notes[other], case, {})[0]) if other else None


def _places(case: Case, rules: Rules, book: Playbook | None) -> tuple[str, ...]:
    """Places of the playbook's note that only a person can fill."""
    note = drafting.text_field(rules.action)
    if book is None or note is None:
        return ()
    tongue = _tongue(book, rules.action.fields[note])
    return fill_template(book.notes[tongue], case, {})[1] if tongue else ()


def _fits(book: Playbook, case: Case, rules: Rules) -> bool:
    return (not book.channels or case.channel in book.channels) and set(book.values) <= set(rules.action.fields)


def _attached(draft: Draft | None, facts: tuple[FileFacts, ...], findings: tuple[Finding, ...]) -> list[Attached]:
    made = []
    for number, file in enumerate(draft.files if draft else ()):
        fact = facts[number] if number < len(facts) else None
        name = fact.name if fact else Path(file.path).name
        made.append(Attached(number, file.kind, fact, name, tuple(f for f in findings if f.concerns == name)))
    return made


def _kinds(case: Case, rules: Rules, kinds: tuple[str, ...]) -> list[str]:
    """The kinds of evidence to choose from; where each item has files of its own, a kind for each item."""
    if rules.action.files is not None and rules.action.files.per_item and len(case.items) > 1:
        return [*kinds, *(f"{kind}@{item.id}" for item in case.items for kind in kinds)]
    return list(kinds)


def _stamp(draft: Draft | None) -> str:
    return draft.at.isoformat() if draft else ""


def _what(call: Call) -> tuple[Case, Action]:
    """The case, and the action that is asked for or comes first."""
    case = call.case
    given = call.request.query_params.get("action", "") or call.text("action")
    drafts = call.ctx.store.ledger.drafts(case.key)
    if not given:
        newest = max(drafts, key=lambda d: d.at, default=None)
        given = newest.action if newest else next((a for a in _FIRST_OF if a in case.actions), "")
        given = given or (case.actions[0] if case.actions else "")
    if given not in get_args(Action):
        raise NotThere
    return case, cast(Action, given)
