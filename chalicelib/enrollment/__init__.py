"""Rollouts, batches, rows and enrollments: from one submission to every learner's course."""
