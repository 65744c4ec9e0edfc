"""Named after what a seller would lose if it broke."""
