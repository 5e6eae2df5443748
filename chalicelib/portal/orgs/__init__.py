"""Pages of one organization, for its admins and those of its MSP."""
