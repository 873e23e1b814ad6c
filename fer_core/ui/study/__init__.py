"""The Study page: many recordings, kept, described, compared, taken along."""
