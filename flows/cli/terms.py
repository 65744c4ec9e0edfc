"""The words of the records, for the commands; they stand in `flows.terms`, where the desk finds them too."""

from flows.terms import action, deadline, party, reason, sending, session, status

__all__ = ["action", "deadline", "party", "reason", "sending", "session", "status"]
