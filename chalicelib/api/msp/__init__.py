"""HTTP: what belongs to one admin of an MSP: drafts, and what was started."""
