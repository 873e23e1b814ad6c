"""What is said of the people in one recording: shares of time, changes, answers to events, agreement, lines."""
