"""The schedule (AMPAREX: Terminplaner): rows of a foreign database become `Appointment`s; read only."""
