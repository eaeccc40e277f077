"""A user's row counts what the user has of the things that have a limit."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TEXT = {
    "postgresql": "octet_length(title) + octet_length(description)",
    "sqlite": "length(CAST(title AS BLOB)) + length(CAST(description AS BLOB))",
}
"""The bytes of a task's text in UTF-8"""


def upgrade() -> None:
    text = TEXT[op.get_context().dialect.name]
    counts = {
        "used_tasks": "SELECT count(*) FROM tasks WHERE user_id = users.id",
        "used_tags": "SELECT (SELECT count(*) FROM tags WHERE user_id = users.id)"
        " + (SELECT count(*) FROM categories WHERE user_id = users.id)",
        "used_bytes": f"SELECT coalesce(sum({text}), 0) FROM tasks WHERE user_id = users.id",  # noqa: S608
        "used_tokens": "SELECT count(*) FROM api_tokens WHERE user_id = users.id",
        "used_webhooks": "SELECT count(*) FROM webhooks WHERE user_id = users.id",
        "used_channels": "SELECT count(*) FROM channels WHERE user_id = users.id",
    }
    for name in counts:
        kind = sa.BigInteger() if name == "used_bytes" else sa.Integer()
        op.add_column("users", sa.Column(name, kind, nullable=False, server_default="0"))
    assignments = ", ".join(f"{name} = ({count})" for name, count in counts.items())
    op.execute(f"UPDATE users SET {assignments}")  # noqa: S608 - of the texts above


def downgrade() -> None:
    for name in ("used_tasks", "used_tags", "used_bytes", "used_tokens", "used_webhooks", "used_channels"):
        op.drop_column("users", name)
