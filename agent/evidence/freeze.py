"""Freezes a draft into the packet that is approved: every value, choice, tick and file, in the form's order."""

from __future__ import annotations

from collections.abc import Callable

from agent.errors import UsageFault
from agent.evidence.files import FileFacts
from agent.evidence.lint_buyer import confirmation
from agent.evidence.naming import upload_names
from agent.policy import ActionRule, FieldRule, Policy
from agent.records import Case
from agent.sending.packet import Draft, Packet, PacketField, PacketFile, nfc
from agent.words import say


def freeze(
    draft: Draft,
    case: Case,
    rule: ActionRule,
    facts: list[FileFacts],
    labels_shown: Callable[[str], str],
    policy: Policy,
) -> Packet:
    """The packet of `draft`; `facts` are those of its files in order, `labels_shown` gives a label key's portal text.

    The packet is bound to the revision the draft was written against, so that a case that moved since is seen when
    sending. Optional fields left empty are not in it; ticks always are, "yes" or "no". An unknown field or option, a
    missing required value, another case or a number of files that differs is a `UsageFault`; it does not lint.
    """
    if draft.case != case.key:
        raise UsageFault(
            say("The draft is for {ref}, not for {other}.", ref=draft.case.ref, other=case.key.ref),
            say("Write a draft for this case."),
        )
    there = {key: f for key, f in rule.fields.items() if not f.disabled and f.shown_beside(draft.values)}
    for key, value in draft.values.items():
        if key not in there and (value.strip() or key not in rule.fields or rule.fields[key].disabled):
            raise UsageFault(
                say("The form has no field “{key}” to fill.", key=key),
                say("It has: {fields}.", fields=", ".join(there)),
            )
    answers = [_field(key, field, draft.values.get(key, ""), labels_shown, case) for key, field in there.items()]
    fields = tuple(answer for answer in answers if answer is not None)
    return Packet(
        case=draft.case,
        order_id=case.order_id,
        case_revision=draft.case_revision,
        action=draft.action,
        fields=fields,
        files=_files(draft, case, rule, facts),
        policy_version=policy.version,
        by=draft.by,
        overrides=draft.overrides,
    )


def _field(
    key: str, field: FieldRule, value: str, labels_shown: Callable[[str], str], case: Case
) -> PacketField | None:
    """One field as it will stand in the form; None for an optional one that is left empty."""
    value = nfc(value).strip()
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UsageFault(say("“{key}” holds characters that are none.", key=key), say("Type the text anew.")) from None
    if field.kind == "tick":
        if value not in ("", "yes", "no"):
            raise UsageFault(say("“{key}” is a tick: “yes” or “no”.", key=key))
        if field.required and value != "yes":
            raise UsageFault(say("“{key}” must be ticked.", key=key), say("Read it, and set it to “yes”."))
        return PacketField(key=key, kind="tick", value=value or "no")
    if not value:
        if field.required:
            raise UsageFault(say("“{key}” is empty, and the form asks for it.", key=key), say("Fill it in."))
        return None
    if field.kind == "message":
        message = confirmation(value, case)
        return PacketField(key=key, kind="message", value=value, shown=nfc(message.text) if message else "")
    if field.kind != "choice":
        return PacketField(key=key, kind=field.kind, value=value)
    if field.own_list:
        return PacketField(key=key, kind="choice", value=value, shown=value)
    if value not in field.options:
        raise UsageFault(
            say("“{value}” is no option of “{key}”.", value=value, key=key),
            say("Choose one of: {options}.", options=", ".join(field.options)),
        )
    return PacketField(key=key, kind="choice", value=value, shown=nfc(labels_shown(field.options[value])))


def _files(draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> tuple[PacketFile, ...]:
    """The files under their upload names, in the draft's order."""
    if len(facts) != len(draft.files):
        raise UsageFault(
            say("The draft has {count} files, but {seen} were looked at.", count=len(draft.files), seen=len(facts))
        )
    if not facts:
        return ()
    if rule.files is None:
        raise UsageFault(say("The form takes no files."), say("Take them out of the draft."))
    names = upload_names(rule.files, case, draft.files, facts)
    return tuple(
        PacketFile(
            kind=file.kind,
            upload_name=name,
            size=fact.size,
            sha256=fact.sha256,
            media_type=fact.media_type,
            path=file.path,
        )
        for file, fact, name in zip(draft.files, facts, names, strict=True)
    )
