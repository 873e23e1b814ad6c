"""Version 2: what makes recordings a study: subjects, sessions, conditions, attributes, events, consent."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table("subjects", sa.Column("name", sa.String(200), primary_key=True))
    op.create_table("conditions", sa.Column("name", sa.String(200), primary_key=True))
    op.create_table(
        "sessions",
        sa.Column("subject", sa.String(200), sa.ForeignKey("subjects.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
    )
    op.create_table(
        "places",
        sa.Column("recording", sa.String(64), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("subject", sa.String(200), sa.ForeignKey("subjects.name")),
        sa.Column("session", sa.String(200)),
        sa.Column("condition", sa.String(200), sa.ForeignKey("conditions.name")),
        sa.ForeignKeyConstraint(["subject", "session"], ["sessions.subject", "sessions.name"]),
    )
    op.create_table(
        "attributes",
        sa.Column("recording", sa.String(64), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("recording", sa.String(64), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "recording", sa.String(64), sa.ForeignKey("recordings.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("consent", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop them; recordings and analyses stay."""
    for table in ("consents", "events", "attributes", "places", "sessions", "conditions", "subjects"):
        op.drop_table(table)
