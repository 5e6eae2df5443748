"""Drafts of enrollments in trainings: what an admin has chosen so far, kept at each step."""
