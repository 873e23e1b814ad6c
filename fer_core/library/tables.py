"""The catalogue's tables as the present version has them; `migrations` leads to them from any earlier version.

A recording's id is the SHA-256 of its file, or a random one for a live session that was not stored. An analysis' id is
the SHA-256 of its Parquet file, so that the same readings are kept once and no file can stand for another.
Texts named `about`, `request`, `provenance`, `figures`, `edit`, `event`, `consent` and `files` are JSON.
"""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()


def _of_recording(*, key: bool = False) -> "sa.Column[str]":
    """The column `recording`: part of the primary key, or with an index of its own."""
    referred = sa.ForeignKey("recordings.id", ondelete="CASCADE")
    return sa.Column("recording", sa.String(64), referred, primary_key=key, nullable=False, index=not key)


LIBRARY: Final = sa.Table(
    "library",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("made_at", sa.String(32), nullable=False),
)
RECORDINGS: Final = sa.Table(
    "recordings",
    METADATA,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("path", sa.Text),
    sa.Column("added_at", sa.String(32), nullable=False),
)
ANALYSES: Final = sa.Table(
    "analyses",
    METADATA,
    sa.Column("id", sa.String(64), primary_key=True),
    _of_recording(),
    sa.Column("kept_at", sa.String(32), nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("provenance", sa.Text, nullable=False),
    sa.Column("figures", sa.Text, nullable=False),
)
EDITS: Final = sa.Table(
    "edits",
    METADATA,
    sa.Column("analysis", sa.String(64), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("edit", sa.Text, nullable=False),
)
TAGS: Final = sa.Table(
    "tags",
    METADATA,
    _of_recording(key=True),
    sa.Column("tag", sa.String(200), primary_key=True),
)
DELETIONS: Final = sa.Table(
    "deletions",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("deleted_at", sa.String(32), nullable=False),
    sa.Column("files", sa.Text, nullable=False),
    sa.Column("cleaned_at", sa.String(32)),
)
SUBJECTS: Final = sa.Table("subjects", METADATA, sa.Column("name", sa.String(200), primary_key=True))
CONDITIONS: Final = sa.Table("conditions", METADATA, sa.Column("name", sa.String(200), primary_key=True))
SESSIONS: Final = sa.Table(
    "sessions",
    METADATA,
    sa.Column("subject", sa.String(200), sa.ForeignKey("subjects.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.String(200), primary_key=True),
)
PLACES: Final = sa.Table(
    "places",
    METADATA,
    _of_recording(key=True),
    sa.Column("subject", sa.String(200), sa.ForeignKey("subjects.name")),
    sa.Column("session", sa.String(200)),
    sa.Column("condition", sa.String(200), sa.ForeignKey("conditions.name")),
    sa.ForeignKeyConstraint(["subject", "session"], ["sessions.subject", "sessions.name"]),
)
ATTRIBUTES: Final = sa.Table(
    "attributes",
    METADATA,
    _of_recording(key=True),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
EVENTS: Final = sa.Table(
    "events",
    METADATA,
    _of_recording(key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("event", sa.Text, nullable=False),
)
CONSENTS: Final = sa.Table(
    "consents",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    _of_recording(),
    sa.Column("consent", sa.Text, nullable=False),
)
TAKEN_ALONG: Final = (
    RECORDINGS, ANALYSES, EDITS, TAGS, SUBJECTS, CONDITIONS, SESSIONS, PLACES, ATTRIBUTES, EVENTS, CONSENTS
)  # fmt: skip
"""What an export holds, each table after those that it refers to."""
