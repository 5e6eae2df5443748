"""Why somebody is, or is not, enrolled in a course: what decided it, and the way there (B9)."""
