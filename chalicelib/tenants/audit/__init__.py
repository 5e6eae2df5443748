"""The audit trail: who did what, each entry with the hash of the one before (F7, B10)."""
