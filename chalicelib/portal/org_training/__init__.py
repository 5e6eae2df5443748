"""An organization's own courses: its batches, what is done with them, and enrolling people."""
