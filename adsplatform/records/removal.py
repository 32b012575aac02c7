"""Deletes everything that an enrollment has loaded."""

from uuid import UUID

from django.db import transaction

from adsplatform.records.models.counts import RecordCount
from adsplatform.records.specification import entities


@transaction.atomic
def remove_records_of(app_enrollment_id: UUID) -> int:
    """Delete every record of the enrollment, of every kind; returns how many there were."""
    RecordCount.objects.filter(app_enrollment=app_enrollment_id)._raw_delete("default")
    return sum(
        entity.model.objects.filter(app_enrollment=app_enrollment_id)._raw_delete("default")
        for entity in entities().values()
    )
