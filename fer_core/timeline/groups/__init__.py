"""Statistics over people. The person, not the frame, is the unit of every test: each gives one value, or one curve."""
