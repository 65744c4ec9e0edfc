"""AliExpress: reading, gates, and the seven actions, against its mock."""
