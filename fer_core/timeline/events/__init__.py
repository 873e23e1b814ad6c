"""Events beside a recording: stimuli, coded behaviour, subtitles. Read from and written to the formats of the field."""
