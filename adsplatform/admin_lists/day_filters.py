"""Forms and filters of days: whole days in UTC, the last one included."""

from datetime import date, datetime, time
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone


def start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))


class DayInput(forms.DateInput):
    """A date field with the browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class SinceFilter(django_filters.DateFilter):
    """From the start of a day; compares timestamps, so that an index can be used."""

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr="gte", widget=DayInput, **kwargs)

    def filter(self, queryset: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        return super().filter(queryset, start_of(value) if value else None)


class UntilFilter(django_filters.DateFilter):
    """Up to the end of a day; compares timestamps, so that an index can be used."""

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr="lte", widget=DayInput, **kwargs)

    def filter(self, queryset: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        return super().filter(queryset, end_of(value) if value else None)
