"""What all records share: frozen, strict, no unknown fields; instants are aware UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer


class Record(BaseModel):
    """A frozen fact; unknown fields and loose types are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return value.astimezone(UTC)


def iso(value: datetime) -> str:
    """`value` as ISO 8601 in UTC ending in Z, fractions only where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[datetime, AfterValidator(_utc), PlainSerializer(iso, return_type=str, when_used="json")]
"""An aware instant, kept in UTC."""
