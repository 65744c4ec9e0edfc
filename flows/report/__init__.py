"""Reports as one HTML file each, that asks nothing of any network and has no power of its own."""

from flows.report.powerless import powerless
from flows.report.write import write_check

__all__ = ["powerless", "write_check"]
