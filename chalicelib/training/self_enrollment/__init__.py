"""Courses on one's own account, and their progress offered to an organization (I9)."""
