"""`rebuttal evidence`: what the case asks for, what the draft shows, and what lint says of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.evidence import FileFacts, Playbook, look_at, sufficient
from agent.records import Case
from agent.sending.packet import Draft
from agent.words import Words, say
from flows.context import Context
from flows.naming import the_case
from flows.readiness import DraftReport, rules_for, standing_draft, usual_playbook


def lint(ctx: Context, ref: str) -> DraftReport:
    """The newest draft of the case, examined as draft, files, case and rules are now; nothing is written."""
    return standing_draft(ctx, ref)[2]


@dataclass(frozen=True)
class EvidenceList:
    """What is asked for and what is there."""

    case: Case
    requested: tuple[str, ...]
    """What the platform's decision asks for, in its words."""
    playbook: Playbook | None
    draft: Draft | None
    files: tuple[FileFacts, ...]
    kinds: tuple[str, ...]
    """The kinds of evidence the form knows."""

    @property
    def enough(self) -> bool | None:
        """Whether all that the playbook requires is there; None without a playbook."""
        return sufficient(self.playbook, self.draft.files if self.draft else ())[0] if self.playbook else None

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        attached = self.draft.files if self.draft else ()
        there = {file.kind for file in attached}
        return {
            "ref": self.case.key.ref,
            "requested": list(self.requested),
            "playbook": self.playbook.key if self.playbook else None,
            "sufficient": self.enough,
            "checklist": [
                {"kind": w.kind, "required": w.required, "there": w.kind in there, "why": str(w.why.words)}
                for w in (self.playbook.evidence if self.playbook else ())
            ],
            "files": [
                {"kind": file.kind, **facts.model_dump(mode="json")}
                for file, facts in zip(attached, self.files, strict=True)
            ],
            "kinds": list(self.kinds),
        }

    @property
    def said(self) -> tuple[Words, ...]:
        """For a terminal, line by line."""
        lines = [say("The decision asks for: {what}", what=what) for what in self.requested]
        attached = self.draft.files if self.draft else ()
        there = {file.kind for file in attached}
        if self.playbook is not None:
            lines.append(say("Playbook {key}: {title}", key=self.playbook.key, title=self.playbook.title.words))
            for want in self.playbook.evidence:
                if want.kind in there:
                    lines.append(say("  there      {kind}: {why}", kind=want.kind, why=want.why.words))
                elif want.required:
                    lines.append(say("  MISSING    {kind}: {why}", kind=want.kind, why=want.why.words))
                else:
                    lines.append(say("  if you can {kind}: {why}", kind=want.kind, why=want.why.words))
        for file, facts in zip(attached, self.files, strict=True):
            lines.append(
                say(
                    "Attached: {kind}  {path}  {size} bytes, {type}",
                    kind=file.kind,
                    path=facts.path,
                    size=f"{facts.size:,}",
                    type=facts.media_type,
                )
            )
        if not attached:
            lines.append(say("Nothing is attached yet. Kinds: {kinds}", kinds=", ".join(self.kinds) or "–"))
        return tuple(lines)


def listing(ctx: Context, ref: str) -> EvidenceList:
    """What the case asks for and what its newest draft has; works without a draft too."""
    case = the_case(ctx, ref)
    drafts = ctx.store.ledger.drafts(case.key)
    draft = max(drafts, key=lambda one: one.at, default=None)
    action = draft.action if draft else case.actions[0] if case.actions else "appeal"
    rules = rules_for(ctx, case, action)
    return EvidenceList(
        case=case,
        requested=case.decision.requested_evidence if case.decision else (),
        playbook=usual_playbook(case, rules),
        draft=draft,
        files=tuple(look_at(Path(file.path)) for file in (draft.files if draft else ())),
        kinds=rules.action.files.kinds if rules.action.files else (),
    )
