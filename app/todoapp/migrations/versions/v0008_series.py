"""The tasks of a series are found by an index: an import asks for those that its entries name."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    has_series = sa.text("series_id IS NOT NULL")
    op.create_index(
        "ix_tasks_series", "tasks", ["series_id"], postgresql_where=has_series, sqlite_where=has_series
    )


def downgrade() -> None:
    op.drop_index("ix_tasks_series", "tasks")
