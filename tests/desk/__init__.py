"""The desk: what an operator sees and may do there, and what nobody else can."""
