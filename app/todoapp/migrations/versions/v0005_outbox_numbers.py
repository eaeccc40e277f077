"""The outbox gives each number out once, on SQLite too: there the highest ones, once deleted, came again."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    copy_outbox(autoincrement=True)


def downgrade() -> None:
    copy_outbox(autoincrement=False)


def copy_outbox(*, autoincrement: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        kind = {"sqlite_autoincrement": autoincrement}
        with op.batch_alter_table("outbox", recreate="always", table_kwargs=kind) as outbox:
            if not autoincrement:  # with it, SQLite's key has no name
                outbox.create_primary_key("pk_outbox", ["seq"])
