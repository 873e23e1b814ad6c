"""What follows from the measures of a face over several samples: blinks, talking, movements."""
