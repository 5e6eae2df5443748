"""Start, complete, results, the learners of a row, archiving (R14, I8, L1)."""
