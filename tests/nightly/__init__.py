"""Tests of runs that nobody watches: nights, notices, schedules, exports, backups."""
