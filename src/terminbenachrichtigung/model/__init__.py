"""The frozen values that travel between the rooms. Nothing here decides."""
