"""Invitations by hand and by upload; resend, cancel, accept, decline (I1 to I6). Empty until its issue."""
