"""Work that is done in the background: what a job is, due entries, and the sweep that finds what was lost."""
