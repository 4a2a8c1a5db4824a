"""Files and rows as practices have them, each with what is right."""
