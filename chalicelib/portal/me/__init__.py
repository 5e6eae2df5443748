"""A learner's own pages: what there is to do, and what was done. Made for phones first."""
