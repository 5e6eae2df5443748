"""Reports: numbers of trainings and courses by day, counted in the background (O10)."""
