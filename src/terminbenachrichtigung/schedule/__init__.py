"""The schedule (AMPAREX: Terminplaner): rows of a foreign database become `Appointment`s.

It is read only, whatever the query does. `own` beside it makes a schedule for those who have none.
"""

from terminbenachrichtigung.schedule.reading import Schedule

__all__ = ["Schedule"]
