"""MSPs and their client organizations: who may do what, what they may use, how they are built."""
