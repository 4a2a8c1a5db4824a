"""Whom a person must call or write, and why: each customer once, soonest first (contract, section 2)."""
