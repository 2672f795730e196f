"""Measure what the verdicts of `skinit.diagnosis` are worth: diagnose, then train, and compare.

``python -m benchmarks.verdicts`` draws starts at random (`starts`), diagnoses and trains each of
them (`records`) and prints the tables of ``docs/verdicts/calibration.md`` (`tables`, `cost`).
"""
