"""Reads across everything: exports today; reports, evidence and personal data later."""
