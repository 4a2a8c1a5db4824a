"""What people ask beside the hourly run: each question with its answer and its text."""
