"""Evidence: what a file is, what a draft lacks, how it is named, and the packet it is frozen into."""

from agent.evidence.files import FileFacts, look_at
from agent.evidence.finding import Finding, Level, blocking, overridden
from agent.evidence.freeze import freeze
from agent.evidence.lint import lint_draft
from agent.evidence.lint_fields import portal_length
from agent.evidence.naming import upload_name, upload_names
from agent.evidence.playbooks import Evidence, Playbook, fill_template, load_playbooks, playbook_for, sufficient
from agent.evidence.tone import ToneList, load_tone

__all__ = [
    "Evidence",
    "FileFacts",
    "Finding",
    "Level",
    "Playbook",
    "ToneList",
    "blocking",
    "fill_template",
    "freeze",
    "lint_draft",
    "load_playbooks",
    "load_tone",
    "look_at",
    "overridden",
    "playbook_for",
    "portal_length",
    "sufficient",
    "upload_name",
    "upload_names",
]
