"""The start page of a learner's account: what there is to do, what is new, and what was reached (L1)."""
