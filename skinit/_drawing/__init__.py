"""Plots of the two things that everything else is built from, and what all plots share."""
