"""Reads across all rooms: exports now; reports, evidence and personal data later."""
