"""Looks a whole draft over before it is approved: does the case take it, do texts and files keep the rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.evidence.files import FileFacts
from agent.evidence.finding import LEVELS, Finding, blocking, finding, overridden
from agent.evidence.lint_fields import lint_fields
from agent.evidence.lint_files import lint_files
from agent.evidence.playbooks import Playbook, sufficient
from agent.evidence.tone import ToneList, first_phrase
from agent.policy import ActionRule, Policy
from agent.records import Action, Case, DeadlineKind, iso
from agent.sending.packet import Draft
from agent.words import say

__all__ = ["Finding", "blocking", "finding", "lint_draft", "overridden"]

_TO_THE_MINUTE_S = 60
_STOPS: dict[Action, DeadlineKind] = {
    "appeal": "appeal",
    "reply": "reply",
    "propose_solution": "negotiate",
    "accept": "negotiate",
    "escalate": "negotiate",
    "apply_withdrawal": "withdraw",
    "provide_tracking": "evidence",
}
"""The deadline after which an action is no longer taken."""


def lint_draft(
    draft: Draft,
    case: Case,
    action_rule: ActionRule,
    files: list[FileFacts],
    *,
    tone: ToneList,
    now: datetime,
    policy: Policy,
    playbook: Playbook | None = None,
) -> list[Finding]:
    """All findings, blocks first; `files` are the facts of `draft.files` in the same order.

    With a `playbook` its evidence list is compared too (CP5). Reads no file and no clock.
    """
    found = [
        *_subject(draft, case, action_rule, now),
        *lint_fields(draft, case, action_rule, tone=tone, policy=policy),
        *lint_files(draft, case, action_rule, files, tone=tone, policy=policy),
        *_to_know(draft, case, action_rule, tone, policy),
    ]
    if playbook is not None:
        found.extend(_evidence(draft, playbook, tone))
    return sorted(found, key=lambda one: LEVELS.index(one.level))


def _subject(draft: Draft, case: Case, rule: ActionRule, now: datetime) -> list[Finding]:
    """Is it this case, as it is now, and does the portal still take this action."""
    found: list[Finding] = []
    limit = rule.window_days or rule.window_hours
    window = limit.rule if limit else "case"
    if draft.case != case.key:
        found.append(
            finding(
                "case",
                "other",
                "block",
                say(
                    "The draft was written for {ref}, another case. Write a new draft for this one.", ref=draft.case.ref
                ),
            )
        )
    elif draft.case_revision != case.revision:
        found.append(
            finding(
                "case",
                "moved",
                "block",
                say(
                    "The case has changed at the portal since the draft was written. Look at it again, then save the draft"
                    " anew."
                ),
            )
        )
    if draft.action not in case.actions:
        found.append(
            finding(
                window,
                "not_offered",
                "block",
                say(
                    "The portal does not offer “{action}” on this case now; it offers: {offered}. Sync the case, or take one of"
                    " these.",
                    action=draft.action,
                    offered=", ".join(case.actions) or "–",
                ),
            )
        )
    limits = [case.appeals.allowed] if case.appeals else []
    if rule.allowed is not None:
        limits.append(rule.allowed.number)
    if draft.action == "appeal" and case.appeals and case.appeals.used >= min(limits):
        found.append(
            finding(
                rule.allowed.rule if rule.allowed else "case",
                "spent",
                "block",
                say(
                    "The appeal of this case is spent ({used} of {allowed}). Follow its outcome; there is no further one.",
                    used=case.appeals.used,
                    allowed=min(limits),
                ),
            )
        )
    found.extend(_deadline(draft, case, rule, now, window))
    return found


def _deadline(draft: Draft, case: Case, rule: ActionRule, now: datetime, window: str) -> list[Finding]:
    """A passed deadline, or one that should be there and isn't."""
    kind = rule.deadline or _STOPS.get(draft.action)
    ends = min((d for d in case.deadlines if d.kind == kind), key=lambda d: d.at, default=None)
    if (
        ends is not None
        and ends.at <= now < ends.at + timedelta(seconds=ends.precision_s)
        and (ends.basis != "countdown" or ends.precision_s > _TO_THE_MINUTE_S)
    ):
        return [  # a day without an hour, shown, counted from or counted down: due at its earliest, it may still be open
            finding(
                ends.rule,
                "may_be_over",
                "warn",
                say(
                    "The deadline may have passed already (shown: “{shown}”). Send it now, or not at all.",
                    shown=ends.shown,
                ),
            )
        ]
    if ends is not None and ends.at <= now:
        return [
            finding(
                ends.rule,
                "deadline",
                "block",
                say(
                    "The deadline passed at {at} (shown: “{shown}”). It can't be sent any more; ask the portal's support.",
                    at=iso(ends.at),
                    shown=ends.shown,
                ),
                overridable=ends.basis == "rule",  # our own reckoning: the portal may still take it
            )
        ]
    if ends is None and (rule.window_days or rule.window_hours):
        return [
            finding(
                window,
                "no_deadline",
                "warn",
                say(
                    "No deadline was read for this action. Sync the case and look at the portal's own countdown before"
                    " sending."
                ),
            )
        ]
    return []


def _to_know(draft: Draft, case: Case, rule: ActionRule, tone: ToneList, policy: Policy) -> list[Finding]:
    """Flags and reminders (CP15, CP19): nothing to mend, but to be known before the only try."""
    found = [
        finding(tone.flags[flag].rule, flag, "note", tone.flags[flag].text.words)
        for flag in dict.fromkeys(_flags(case, policy))
        if flag in tone.flags
    ]
    texts = "\n".join(v for k, v in draft.values.items() if k in rule.fields and rule.fields[k].kind == "text")
    for reminder in tone.reminders:
        if draft.action in reminder.actions:
            stands = first_phrase(texts, reminder.ko, reminder.en)
            words = reminder.text.words
            if stands is not None:
                words = say("The text says “{phrase}”. {reminder}", phrase=stands, reminder=words)
            found.append(finding(reminder.rule, reminder.code, "warn" if stands else "note", words))
    return found


def _flags(case: Case, policy: Policy) -> list[str]:
    """The case's flags, and those that follow from its amount and reason."""
    flags = list(case.flags)
    channel = policy.channels.get(case.channel)
    currency = case.amount.currency.lower() if case.amount else ""
    senior = channel.rules.get(f"senior_review_{currency}") if channel else None
    if senior and case.amount and case.amount.value > senior.number:
        flags.append("senior_review")
    if case.reason and case.reason.is_ == "counterfeit":
        flags.append("legal_hold")
    return flags


def _evidence(draft: Draft, playbook: Playbook, tone: ToneList) -> list[Finding]:
    """What the playbook's evidence list still wants."""
    _, missing = sufficient(playbook, draft.files)
    return [
        finding(
            tone.rule("evidence", "evidence"),
            "evidence",
            "warn",
            say("Evidence “{kind}” is still missing: {why}.", kind=want.kind, why=want.why.words),
            want.kind,
        )
        for want in missing
    ]
