"""Where student code runs, apart from the judge."""
