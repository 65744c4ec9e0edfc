"""What is kept: cases with their history, seen pages, runs, alarms, figures, leases; files by their hash."""

from agent.store.alarms import Alarm
from agent.store.cases import CaseRow, ListRow, Observation, Saved
from agent.store.leases import Lease
from agent.store.metrics import Metric, SettlementLine
from agent.store.outbox import Due, Notice
from agent.store.pages import StoredPage
from agent.store.runs import Run
from agent.store.store import Store

__all__ = [
    "Alarm",
    "CaseRow",
    "Due",
    "Lease",
    "ListRow",
    "Metric",
    "Notice",
    "Observation",
    "Run",
    "Saved",
    "SettlementLine",
    "Store",
    "StoredPage",
]
