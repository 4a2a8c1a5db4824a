"""`python -m terminbenachrichtigung`."""

from terminbenachrichtigung.cli import main

main()
