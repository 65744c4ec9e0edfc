"""What happens when a portal changes: nothing wrong is stored, and an operator can mend it."""
