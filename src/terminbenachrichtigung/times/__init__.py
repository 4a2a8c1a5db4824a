"""Quiet periods, leads, reach and last chance: when something may leave, and what is due then."""
