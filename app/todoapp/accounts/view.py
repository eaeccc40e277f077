"""An account as its owner sees it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

__all__ = ["UserView"]


class UserView(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    email: str
    name: str
    timezone: str
    version: int
    created_at: datetime
