"""Requests that were done, by the keys under which they may be repeated."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from todoapp.kit.database import Base, Instant, JsonValue

__all__ = ["IdempotencyKey"]


class IdempotencyKey(Base, table=True):
    __tablename__ = "idempotency_keys"

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes
    claim_id: UUID
    """The request that claimed the key"""
    claimed_at: datetime = Field(sa_type=Instant, index=True)
    answer: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
