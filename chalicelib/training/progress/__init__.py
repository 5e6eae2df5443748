"""Learners' progress: start, complete, results, the learners of a row, archived members (R14, I8, L1)."""
