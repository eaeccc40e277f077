"""What Alembic runs for every command: the models, and the connection that `todoapp migrate` opened."""

import logging
from collections.abc import Collection, Mapping

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo

from todoapp import models
from todoapp.kit.database import Base
from todoapp.migrations import is_modelled

MODELS = models.MODELS
"""Importing them fills the metadata."""

logger = logging.getLogger("todoapp.migrations")


def log_step(
    ctx: MigrationContext,  # noqa: ARG001 - Alembic passes all four by name
    step: MigrationInfo,
    heads: Collection[str],  # noqa: ARG001
    run_args: Mapping[str, object],  # noqa: ARG001
) -> None:
    verb = "Upgraded to" if step.is_upgrade else "Took back"
    logger.info("%s revision %s", verb, step.up_revision_id)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a column: `batch_alter_table` copies the table instead. Never do that to `tasks`:
    # the copy has no triggers, so searches would find nothing. `op.add_column` and `op.drop_column` are safe.
    render_as_batch=True,
    include_name=is_modelled,
    on_version_apply=log_step,
)
with context.begin_transaction():
    context.run_migrations()
