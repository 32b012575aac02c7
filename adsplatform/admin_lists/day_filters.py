"""Days, as people choose them in forms and filters: whole ones, in UTC, both ends included."""

from datetime import date, datetime, time

import django_filters
from django import forms
from django.utils import timezone


def start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class SinceFilter(django_filters.DateFilter):
    """From the start of a day; compares stamps, as an index can."""

    def __init__(self, field_name, **kwargs):
        super().__init__(field_name, lookup_expr="gte", widget=DayInput, **kwargs)

    def filter(self, queryset, value):
        return super().filter(queryset, value and start_of(value))


class UntilFilter(django_filters.DateFilter):
    """Up to and including a day."""

    def __init__(self, field_name, **kwargs):
        super().__init__(field_name, lookup_expr="lte", widget=DayInput, **kwargs)

    def filter(self, queryset, value):
        return super().filter(queryset, value and end_of(value))
