"""What a face shows besides its expression: quality, landmarks, pose."""
