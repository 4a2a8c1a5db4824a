"""A schedule of the tool's own, for those who have none, and the import of files into it."""
