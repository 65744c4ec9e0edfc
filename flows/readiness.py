"""Where a draft stands: its files looked at anew, what lint says of it, and the packet it freezes into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import LintBlocked, NotApproved, UsageFault
from agent.evidence import (
    FileFacts,
    Finding,
    Playbook,
    ToneList,
    blocking,
    freeze,
    lint_draft,
    load_playbooks,
    load_tone,
    look_at,
    playbook_for,
)
from agent.evidence.answers import Answers, lint_answer, load_answers
from agent.evidence.finding import LEVELS
from agent.policy import ActionRule, Policy
from agent.reading.labels import Labels
from agent.records import Action, Case
from agent.sending.packet import Draft, Packet
from agent.words import Words, say
from flows import health, terms
from flows.context import Context
from flows.earlier import earlier
from flows.naming import the_case
from flows.visit import labels_of, policy_of


@dataclass(frozen=True)
class Rules:
    """All that is asked of one action on one portal, the operator's own files merged in."""

    policy: Policy
    action: ActionRule
    labels: Labels
    tone: ToneList
    playbooks: tuple[Playbook, ...]
    answers: Answers
    language: str
    """The language in which the portal's choices are chosen."""


@dataclass(frozen=True)
class DraftReport:
    """A draft and what is to be said of it; `packet` is there when nothing blocks."""

    draft: Draft
    findings: tuple[Finding, ...]
    packet: Packet | None
    files: tuple[FileFacts, ...] = ()
    playbook: Playbook | None = None
    missing: tuple[str, ...] = ()
    """Names of places in the note that are still to be filled with `--set`."""

    @property
    def blocked(self) -> list[Finding]:
        """The findings that keep the draft from being ready."""
        return blocking(self.findings, self.draft.overrides)

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "ref": self.draft.case.ref,
            "ready": self.packet is not None,
            "digest": self.packet.digest if self.packet else None,
            "findings": [one.model_dump(mode="json") for one in self.findings],
            "playbook": self.playbook.key if self.playbook else None,
            "missing": list(self.missing),
            "draft": self.draft.model_dump(mode="json"),
        }


def rules_for(ctx: Context, case: Case, action: Action) -> Rules:
    """The rules of `action` on this case; `UsageFault` where the channel has no such action."""
    portal = ctx.portal(case.portal)
    policy = policy_of(ctx, portal)
    rule = policy.action(case.channel, action)
    if rule is None:
        known = ", ".join(policy.channels[case.channel].actions) if case.channel in policy.channels else ""
        raise UsageFault(
            say(
                "{channel} of {portal} has no action “{action}”.",
                channel=case.channel,
                portal=portal.name,
                action=action,
            ),
            say("It has: {known}.", known=known or "–"),
        )
    rule = portal.channel(case.channel).rule_for(case, action, rule)
    own = ctx.home.portals / portal.name
    return Rules(
        policy=policy,
        action=rule,
        labels=labels_of(ctx, portal),
        tone=load_tone(portal.folder, own / "tone.toml"),
        playbooks=load_playbooks(portal.folder, own / "playbooks.toml"),
        answers=load_answers(portal.folder, own / "answers.toml"),
        language=portal.language,
    )


def examined(ctx: Context, case: Case, draft: Draft, rules: Rules, missing: tuple[str, ...] = ()) -> DraftReport:
    """Look at the draft's files as they are now, lint it against the case as it is known, freeze it if nothing blocks.

    Nothing is written. A file that is not there any more is a `UsageFault`.
    """
    facts = [look_at(Path(file.path)) for file in draft.files]
    playbook = usual_playbook(case, rules)
    findings = lint_draft(
        draft, case, rules.action, facts, tone=rules.tone, now=ctx.clock(), policy=rules.policy, playbook=playbook
    )
    findings += lint_answer(draft, case, rules.action, facts, rules.answers, earlier(ctx, case))
    findings += ctx.portal(case.portal).channel(case.channel).lint(draft, case, rules.action, facts)
    findings += health.findings(ctx, case)
    findings.sort(key=lambda one: LEVELS.index(one.level))
    packet = None
    if not blocking(findings, draft.overrides):

        def shown(key: str) -> str:
            return rules.labels.in_language(key, rules.language)

        packet = freeze(draft, case, rules.action, facts, shown, rules.policy)
    return DraftReport(draft, tuple(findings), packet, tuple(facts), playbook, missing)


def usual_playbook(case: Case, rules: Rules) -> Playbook | None:
    """The playbook for the buyer's reason, where it answers this action's form."""
    return playbook_for(case, [book for book in rules.playbooks if set(book.values) <= set(rules.action.fields)])


def newest_draft(ctx: Context, case: Case) -> Draft:
    """The draft that was saved last on this case; `UsageFault` without one."""
    drafts = ctx.store.ledger.drafts(case.key)
    if not drafts:
        raise UsageFault(
            say("There is no draft on {ref}.", ref=case.key.ref),
            say(
                "Write one with: rebuttal draft {ref} --action {action}",
                ref=case.key.ref,
                action=case.actions[0] if case.actions else "appeal",
            ),
        )
    return max(drafts, key=lambda one: one.at)


def standing_draft(ctx: Context, ref: str) -> tuple[Case, Rules, DraftReport]:
    """The draft of the case that `ref` names, examined as everything is now."""
    case = the_case(ctx, ref)
    draft = newest_draft(ctx, case)
    rules = rules_for(ctx, case, draft.action)
    return case, rules, examined(ctx, case, draft, rules)


def packet_of(report: DraftReport) -> Packet:
    """The packet of an examined draft; `LintBlocked` with the findings where something blocks."""
    if report.packet is None:
        ref = report.draft.case.ref
        raise LintBlocked(
            say("{ref}: {findings}", ref=ref, findings=told(report.blocked)),
            say(
                "Nothing can be approved or sent like this. Correct it with `rebuttal draft {ref}`; all findings: "
                "rebuttal evidence lint {ref}",
                ref=ref,
            ),
        )
    return report.packet


def refuse_money(ctx: Context, packet: Packet, rule: ActionRule) -> None:
    """`NotApproved` where sending would pay the buyer and the settings do not allow that."""
    if rule.moves_money and not ctx.settings.allow_money_actions:
        raise NotApproved(
            say(
                "{ref}: “{action}” pays the buyer and cannot be undone.",
                ref=packet.case.ref,
                action=terms.action(packet.action),
            ),
            say("Do it at the portal yourself, or set allow_money_actions = true in rebuttal.toml."),
        )


def told(findings: Iterable[Finding]) -> Words:
    """Findings in one line, with their codes."""
    return Words("{all}", {"all": _Joined([say("{words} [{code}]", words=f.words, code=f.code) for f in findings])})


class _Joined(Words):
    """Several sentences as one, in whatever language is asked for."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Words]) -> None:
        super().__init__("{parts}", {})
        self.parts = parts

    def in_language(self, language: str) -> str:
        return " ".join(part.in_language(language) for part in self.parts)
