"""Times of a recording as text."""


def as_clock(seconds: float) -> str:
    """Seconds as a clock time: "0:07", "12:30" or "2:00:05"."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def as_fine_clock(seconds: float) -> str:
    """Seconds as a clock time with tenths: "0:07.4"."""
    tenths = round(10 * seconds)
    return f"{as_clock(tenths // 10)}.{tenths % 10}"
