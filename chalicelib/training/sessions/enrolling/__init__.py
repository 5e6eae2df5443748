"""Enrolling people in trainings: requests, chunks of people, results, overlaps (O5, O7)."""
