"""Template filters: how the Inbox writes times, numbers and names."""

import re
from datetime import datetime
from decimal import Decimal

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma, naturaltime
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from adsplatform.wording import counted
from adsplatform.zones import format_in_zone

register = template.Library()


@register.filter
def exact(moment: datetime | None) -> str:
    """A time with its zone: 23 Nov 2026, 17:46 UTC."""
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M %Z}" if moment else ""


@register.filter
def in_zone(moment: datetime | None, zone_name: str) -> str:
    """A time in a time zone: 25 Nov 2026, 02:01 CET."""
    return format_in_zone(moment, zone_name) if moment else ""


@register.filter
def to_the_second(moment: datetime | None, zone_name: str) -> str:
    """The same with seconds: 25 Nov 2026, 02:01:12 CET."""
    return format_in_zone(moment, zone_name, seconds=True) if moment else ""


@register.filter
def ago(moment: datetime | None) -> str:
    """A time in words, the exact time as its title: 2 hours ago."""
    if not moment:
        return ""
    words = naturaltime(moment).replace("\xa0", " ")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact(moment),
        "just now" if words == "now" else words,
    )


@register.filter
def clock(moment: datetime | None) -> str:
    """A time of today to the second, for live pages: 17:46:03 UTC."""
    if not moment:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact(moment),
        f"{timezone.localtime(moment):%H:%M:%S %Z}",
    )


@register.filter
def duration_to(start: datetime, end: datetime) -> str:
    """How long something took: 14 seconds; 3 min 5 s; 2 h 10 min."""
    return in_words((end - start).total_seconds())


@register.filter
def in_words(seconds: float) -> str:
    """A duration in seconds for people: 14 seconds; 3 min 5 s; 2 h 10 min."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return "less than a second" if not seconds else counted(seconds, "second")
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if not hours and not seconds:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


@register.filter
def figure(number: int) -> str:
    """A number with thousands separators: 4,821."""
    return intcomma(number)


@register.filter
def amount(number: Decimal) -> str:
    """An amount of money with all its digits: 1,234.50."""
    whole, _, fraction = f"{number:,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


@register.filter
def breakable(name: str) -> str:
    """A column's name that may wrap between its words: default<wbr>Currency."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((word,) for word in re.split(r"(?<=[a-z])(?=[A-Z])", name)))


@register.filter
def kind_of_record(entity: str) -> str:
    """An entity's name in words (InvoiceLine: Invoice line); a file's name stays as it is."""
    if not re.fullmatch(r"[A-Za-z]+", entity):
        return entity
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", entity)
    return words[:1].upper() + words[1:].lower()
