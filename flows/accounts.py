"""Which accounts there are and how their sessions stand; nothing is visited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agent.errors import StoreFault
from agent.settings import AccountSettings
from flows.context import Context

SessionState = Literal["kept", "ended", "none", "unreadable", "browser"]


@dataclass(frozen=True)
class AccountState:
    """One account as it stands here; whether the portal still takes the session shows only at the portal."""

    account: str
    portal: str
    name: str
    browser: str
    base_url: str | None
    session: SessionState
    """`browser`: a profile or an open browser keeps it, and we can't see into it."""
    saved_at: datetime | None
    expires_at: datetime | None
    username_kept: bool
    password_kept: bool


def listing(ctx: Context) -> tuple[AccountState, ...]:
    """Every account of the settings, in their order."""
    return tuple(_state(ctx, account) for account in ctx.settings.account)


def _state(ctx: Context, account: AccountSettings) -> AccountState:
    kept = ctx.credentials(account)
    saved_at = expires_at = None
    session: SessionState = "browser"
    if account.browser == "launch":
        try:
            facts = ctx.vault.about(account.store_name)
        except StoreFault:
            session = "unreadable"
        else:
            session = "kept" if facts else "none"
            if facts:
                saved_at, expires_at = facts.saved_at, facts.expires_at
                if expires_at is not None and expires_at <= ctx.clock():
                    session = "ended"
    return AccountState(
        account=account.store_name,
        portal=account.portal,
        name=account.name,
        browser=account.browser,
        base_url=account.base_url,
        session=session,
        saved_at=saved_at,
        expires_at=expires_at,
        username_kept=kept.username is not None,
        password_kept=kept.password is not None,
    )
