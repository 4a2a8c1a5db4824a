"""The hourly run: `once` knows its order, the other files are its steps."""
