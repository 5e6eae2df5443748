"""Invitations by hand and by upload: sent, followed, sent again, withdrawn, answered (I1 to I6, B6, B7, B12)."""
