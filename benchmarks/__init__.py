"""Measurements too long for the tests."""
