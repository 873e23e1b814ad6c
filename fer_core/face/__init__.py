"""From a found face to its landmarks, and from these to pose, gaze, eyes, mouth and movements."""
