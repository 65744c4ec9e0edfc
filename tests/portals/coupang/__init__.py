"""Coupang beside its refund disputes: messages, tickets, figures, settlements, and the real Wing channels."""
