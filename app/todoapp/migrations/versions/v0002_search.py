"""Search: the words of every task, in an index of each database's kind; an index for every order of lists."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from todoapp.features.tasks.text_index.document import SearchDocument, SearchVector

revision = "0002"
down_revision = "0001"

BATCH = 1000  # tasks whose words are in memory at a time

tasks = sa.table(
    "tasks",
    sa.column("id", sa.Uuid()),
    sa.column("user_id", sa.Uuid()),
    sa.column("title", sa.Text()),
    sa.column("description", sa.Text()),
    sa.column("words", SearchVector()),
)

# A statement that deletes a whole account meets each of its words once. One that leaves all words
# as they are, as most updates do, is done after one comparison.
POSTGRESQL_UP = (
    "CREATE INDEX search_index ON tasks USING gin (words) WITH (fastupdate = off)",
    "CREATE INDEX ix_tasks_user_due_desc ON tasks (user_id, due_at DESC NULLS LAST, id DESC)",
    'CREATE TABLE search_vocabulary (term text COLLATE "C" PRIMARY KEY)',
    "INSERT INTO search_vocabulary SELECT DISTINCT unnest(tsvector_to_array(words)) FROM tasks",
    """
    CREATE FUNCTION keep_search_vocabulary() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF NOT EXISTS (SELECT FROM before JOIN after USING (id) WHERE before.words <> after.words) THEN
                RETURN NULL;
            END IF;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO search_vocabulary
                SELECT DISTINCT unnest(tsvector_to_array(words)) FROM after
                ON CONFLICT DO NOTHING;
        END IF;
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM search_vocabulary
                WHERE term IN (SELECT unnest(tsvector_to_array(words)) FROM before)
                AND NOT EXISTS (SELECT FROM tasks WHERE words @@ quote_literal(term)::tsquery);
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER search_vocabulary_insert AFTER INSERT ON tasks
        REFERENCING NEW TABLE AS after
        FOR EACH STATEMENT EXECUTE FUNCTION keep_search_vocabulary()
    """,
    """
    CREATE TRIGGER search_vocabulary_update AFTER UPDATE ON tasks
        REFERENCING OLD TABLE AS before NEW TABLE AS after
        FOR EACH STATEMENT EXECUTE FUNCTION keep_search_vocabulary()
    """,
    """
    CREATE TRIGGER search_vocabulary_delete AFTER DELETE ON tasks
        REFERENCING OLD TABLE AS before
        FOR EACH STATEMENT EXECUTE FUNCTION keep_search_vocabulary()
    """,
)
POSTGRESQL_DOWN = (
    "DROP TRIGGER search_vocabulary_delete ON tasks",
    "DROP TRIGGER search_vocabulary_update ON tasks",
    "DROP TRIGGER search_vocabulary_insert ON tasks",
    "DROP FUNCTION keep_search_vocabulary()",
    "DROP TABLE search_vocabulary",
    "DROP INDEX ix_tasks_user_due_desc",
    "DROP INDEX search_index",
)

# Rows of `tasks` have no lasting number of their own, so an entry is found by its task's id, as a word.
DELETE_ENTRY = """
    DELETE FROM search_index WHERE rowid IN (
        SELECT rowid FROM search_index WHERE search_index MATCH 'task_id : ' || OLD.id
    );
"""
INSERT_ENTRY = """
    INSERT INTO search_index (task_id, title, description) VALUES (
        NEW.id,
        substr(NEW.words, 1, instr(NEW.words, char(10))),
        substr(NEW.words, instr(NEW.words, char(10)) + 1)
    );
"""
# The words come folded and separated by spaces, which is all that the tokenizer `ascii` looks at.
# A prefix of 9 or 10 letters is the owner's key with the first two or three letters of a word.
SQLITE_UP = (
    """
    CREATE VIRTUAL TABLE search_index USING fts5 (
        task_id, title, description, tokenize = 'ascii', prefix = '9 10'
    )
    """,
    """
    INSERT INTO search_index (task_id, title, description)
        SELECT id, substr(words, 1, instr(words, char(10))), substr(words, instr(words, char(10)) + 1)
        FROM tasks
    """,
    "CREATE VIRTUAL TABLE search_vocabulary USING fts5vocab (search_index, row)",
    f"CREATE TRIGGER search_index_insert AFTER INSERT ON tasks BEGIN {INSERT_ENTRY} END",
    f"""
    CREATE TRIGGER search_index_update AFTER UPDATE OF words ON tasks
        BEGIN {DELETE_ENTRY} {INSERT_ENTRY} END
    """,
    f"CREATE TRIGGER search_index_delete AFTER DELETE ON tasks BEGIN {DELETE_ENTRY} END",
)
SQLITE_DOWN = (
    "DROP TRIGGER search_index_delete",
    "DROP TRIGGER search_index_update",
    "DROP TRIGGER search_index_insert",
    "DROP TABLE search_vocabulary",
    "DROP TABLE search_index",
)

UP = {"postgresql": POSTGRESQL_UP, "sqlite": SQLITE_UP}
DOWN = {"postgresql": POSTGRESQL_DOWN, "sqlite": SQLITE_DOWN}


def upgrade() -> None:
    op.add_column("tasks", sa.Column("words", SearchVector(), server_default="", nullable=False))
    _fill_words(op.get_bind())
    for statement in UP[op.get_context().dialect.name]:
        op.execute(statement)
    op.create_index("ix_tasks_user_priority", "tasks", ["user_id", "priority", "id"])
    op.create_index("ix_tasks_user_title", "tasks", ["user_id", sa.text("lower(title)"), "id"])
    op.create_index(
        "ix_tasks_user_overdue",
        "tasks",
        ["user_id", "overdue_at"],
        postgresql_where=sa.text("NOT completed AND skipped_at IS NULL"),
        sqlite_where=sa.text("completed = 0 AND skipped_at IS NULL"),
    )
    op.create_index(
        "ix_tasks_user_recurring",
        "tasks",
        ["user_id", "created_at", "id"],
        postgresql_where=sa.text("series_start IS NOT NULL"),
        sqlite_where=sa.text("series_start IS NOT NULL"),
    )


def downgrade() -> None:
    for name in (
        "ix_tasks_user_recurring",
        "ix_tasks_user_overdue",
        "ix_tasks_user_title",
        "ix_tasks_user_priority",
    ):
        op.drop_index(name, "tasks")
    for statement in DOWN[op.get_context().dialect.name]:
        op.execute(statement)
    op.drop_column("tasks", "words")


def _fill_words(connection: sa.Connection) -> None:
    fill = sa.update(tasks).where(tasks.c.id == sa.bindparam("task_id")).values(words=sa.bindparam("found"))
    for batch in _batches(connection):
        found = [
            {"task_id": row.id, "found": SearchDocument.of(row.user_id, row.title, row.description)}
            for row in batch
        ]
        connection.execute(fill, found)


def _batches(connection: sa.Connection) -> Iterator[Sequence[sa.Row[*tuple[Any, ...]]]]:
    following = sa.select(tasks.c.id, tasks.c.user_id, tasks.c.title, tasks.c.description)
    following = following.order_by(tasks.c.id).limit(BATCH)
    batch = connection.execute(following).all()
    while batch:
        yield batch
        batch = connection.execute(following.where(tasks.c.id > batch[-1].id)).all()
