"""Evidence, lint, playbooks and packets."""
