"""Removal of everything an enrollment has loaded."""

from django.db import transaction

from adsplatform.records import models


@transaction.atomic
def remove_records_of(app_enrollment_id) -> int:
    """Delete every record of the enrollment, of every kind, and say how many there were."""
    return sum(
        kind.objects.filter(app_enrollment=app_enrollment_id)._raw_delete("default")
        for kind in models.Record.__subclasses__()
        if not kind._meta.abstract
    )
