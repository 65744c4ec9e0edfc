"""Tests of approving and sending."""
