"""The list of a user's reminders is read in order from an index."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("ix_reminders_user_due", "reminders", ["user_id", "due_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_reminders_user_due", "reminders")
