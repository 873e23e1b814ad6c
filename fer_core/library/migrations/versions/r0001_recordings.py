"""Version 1: recordings, their analyses with all corrections, tags, and what was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "library",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("made_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("added_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "analyses",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column(
            "recording", sa.String(64), sa.ForeignKey("recordings.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("kept_at", sa.String(32), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("provenance", sa.Text, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
    )
    op.create_table(
        "edits",
        sa.Column("analysis", sa.String(64), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("edit", sa.Text, nullable=False),
    )
    op.create_table(
        "tags",
        sa.Column("recording", sa.String(64), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tag", sa.String(200), primary_key=True),
    )
    op.create_table(
        "deletions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("deleted_at", sa.String(32), nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("cleaned_at", sa.String(32)),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("deletions", "tags", "edits", "analyses", "recordings", "library"):
        op.drop_table(table)
