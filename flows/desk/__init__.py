"""The operator's desk: one local web page on which the morning's work is done. A face only; the work is in the flows."""
