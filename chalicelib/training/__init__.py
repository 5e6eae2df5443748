"""Training: who is enrolled in what, when, and how far they are."""
