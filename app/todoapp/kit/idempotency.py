"""Requests that were done, by the keys under which they may be repeated."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from todoapp.kit.database import Base

__all__ = ["IdempotencyKey"]


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    claim_id: Mapped[UUID]
    """Who works on it, or did"""
    claimed_at: Mapped[datetime] = mapped_column(index=True)
    answer: Mapped[dict[str, Any] | None]
