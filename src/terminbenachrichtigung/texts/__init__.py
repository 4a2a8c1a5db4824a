"""What a customer reads: templates, SMS parts, dates in their language, the calendar entry."""
