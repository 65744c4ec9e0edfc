"""Sending, tortured: seeded schedules of faults, then the portal's own history judged against the records."""
