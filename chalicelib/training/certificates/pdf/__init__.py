"""Certificates as PDF: what runs in a function of its own, whose layer has the typesetter and the fonts."""
