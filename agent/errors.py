"""Everything that can go wrong, named by what a person does next.

RebuttalError
├── UsageFault            2   the command or the settings are wrong: correct them
├── StoreFault            1   the records on disk can't be used: see the sentence
├── NeedsPerson          10   a person must act at the portal
│   ├── SignedOut             sign in again
│   ├── Challenge             the portal asks for proof that a person is there
│   ├── Denied                the portal refuses this visitor
│   └── WrongStore            the session is in another store of the same sign-in
├── PageDrift            11   the page is not the page we know: mend the reader or teach the label
│   └── Mismatch              one page says a thing twice, differently
├── WrongSubject         11   the page shows something else than was asked for
├── Unavailable          12   come back later
│   ├── PortalDown
│   ├── RateLimited
│   └── NotReady              shell or skeleton: was reloaded once
├── OutcomeUnknown       13   a click was made and no answer read: reconcile
├── RefusedToSend        14   nothing was sent
│   ├── NotApproved, ApprovalSpent, ApprovalStale, AlreadyAttempted
│   ├── PacketAltered, CaseMoved, GuardStopped, LintBlocked, Paused
└── Busy                  1   another process works on this account
"""

from __future__ import annotations

from typing import Any

from agent.words import Words

DONE, FAULT, USAGE, PERSON, DRIFT, DOWN, UNKNOWN, REFUSED = 0, 1, 2, 10, 11, 12, 13, 14
_SEVERITY = (DONE, DOWN, PERSON, DRIFT, FAULT, USAGE, REFUSED, UNKNOWN)


def worst(codes: list[int]) -> int:
    """The exit code that speaks for many (DESIGN §7, "the worst one wins"): the rarer and costlier, the worse."""
    return max(codes, key=_SEVERITY.index, default=DONE)


class RebuttalError(Exception):
    """A fault with one sentence (`said`), the next step (`todo`), an exit code and facts for the bundle."""

    exit_code = FAULT

    def __init__(self, said: Words, todo: Words | None = None, **facts: Any) -> None:
        super().__init__(said.in_language("en"))
        self.said = said
        self.todo = todo
        self.facts = facts
        self.bundle: str | None = None
        """Folder with screenshot, seen page and address, once one was left."""

    @property
    def name(self) -> str:
        """The class name, as shown in JSON and logs."""
        return type(self).__name__


class UsageFault(RebuttalError):
    """The command, an argument, a file or the settings are wrong."""

    exit_code = USAGE


class StoreFault(RebuttalError):
    """The records on disk can't be opened or written."""


class Busy(RebuttalError):
    """Another process holds the account or the database."""


class NeedsPerson(RebuttalError):
    """The portal wants a person."""

    exit_code = PERSON


class SignedOut(NeedsPerson):
    """The session is over, or there never was one."""


class Challenge(NeedsPerson):
    """The portal asks for proof that a person is there; Rebuttal never answers it (XX4)."""


class Denied(NeedsPerson):
    """The portal refuses this visitor or this account's rights."""


class WrongStore(NeedsPerson):
    """The session is signed in for another store of the same seller than the account's."""


class PageDrift(RebuttalError):
    """The page is not the page we know: which field, what was looked for, what was found."""

    exit_code = DRIFT

    def __init__(
        self,
        said: Words,
        todo: Words | None = None,
        *,
        portal: str = "",
        page: str = "",
        field: str = "",
        looked_for: tuple[str, ...] = (),
        found: tuple[str, ...] = (),
        **facts: Any,
    ) -> None:
        super().__init__(said, todo, portal=portal, page=page, field=field, looked_for=looked_for, found=found, **facts)
        self.portal = portal
        self.page = page
        self.field = field
        self.looked_for = looked_for
        self.found = found
        self.seen: Any = None
        """The page as seen (`SeenPage`), where there is one: what is put in quarantine."""


class Mismatch(PageDrift):
    """The page (or page and document) says one thing twice, differently."""


class WrongSubject(RebuttalError):
    """The page shows another case than the one asked for."""

    exit_code = DRIFT


class Unavailable(RebuttalError):
    """Nothing is wrong here; the portal can't answer now."""

    exit_code = DOWN


class PortalDown(Unavailable):
    """No answer, or a server error."""


class RateLimited(Unavailable):
    """The portal asks for fewer visits (HTTP 429)."""


class NotReady(Unavailable):
    """The page stayed a shell or a skeleton, also after one reload."""


class OutcomeUnknown(RebuttalError):
    """A click was made and the portal's answer was not read; only reading can settle it."""

    exit_code = UNKNOWN


class RefusedToSend(RebuttalError):
    """Nothing was sent, on purpose."""

    exit_code = REFUSED


class NotApproved(RefusedToSend):
    """No living approval for this packet."""


class ApprovalSpent(RefusedToSend):
    """The approval was used before."""


class ApprovalStale(RefusedToSend):
    """Draft, case, policy or files changed after the approval, or it expired."""


class AlreadyAttempted(RefusedToSend):
    """The only try was made already."""


class PacketAltered(RefusedToSend):
    """The form does not hold exactly what was approved."""


class CaseMoved(RefusedToSend):
    """The case at the portal is no longer the one that was approved against."""


class GuardStopped(RefusedToSend):
    """The sending guard held a request back, before anything left."""


class LintBlocked(RefusedToSend):
    """The draft has findings that block it."""


class Paused(RefusedToSend):
    """The portal is paused by the operator."""
