"""From a recording to its timeline: frames are decoded, faces found, followed and read."""
