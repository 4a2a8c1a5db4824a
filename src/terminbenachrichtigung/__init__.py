"""Reminds customers of their appointments by SMS and e-mail.

The run reads the schedule, plans every message with pure rules, then claims, sends and settles
them one by one, and reports.
"""

__version__ = "0.1.0"
