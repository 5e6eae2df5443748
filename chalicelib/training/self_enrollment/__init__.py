"""Courses on one's own account, and offers of their progress to an organization."""
