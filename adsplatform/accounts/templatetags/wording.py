"""How the Inbox writes times, numbers and names."""

import re

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma, naturaltime
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from adsplatform.wording import counted
from adsplatform.zones import format_in_zone

register = template.Library()


@register.filter
def exact(moment):
    """A moment with its zone: 23 Nov 2026, 17:46 UTC."""
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M %Z}" if moment else ""


@register.filter
def in_zone(moment, zone_name):
    """A moment on the clocks of a time zone: 25 Nov 2026, 02:01 CET."""
    return format_in_zone(moment, zone_name) if moment else ""


@register.filter
def to_the_second(moment, zone_name):
    """The same with its seconds: 25 Nov 2026, 02:01:12 CET."""
    return format_in_zone(moment, zone_name, seconds=True) if moment else ""


@register.filter
def ago(moment):
    """A moment in words, with the exact time at hand: 2 hours ago."""
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
def clock(moment):
    """A moment to the second, for what happens while one watches: 17:46:03 UTC."""
    if not moment:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact(moment),
        f"{timezone.localtime(moment):%H:%M:%S %Z}",
    )


@register.filter
def duration_to(start, end) -> str:
    """How long something took: 14 seconds; 3 min 5 s; 2 h 10 min."""
    return in_words((end - start).total_seconds())


@register.filter
def in_words(seconds) -> str:
    """A number of seconds for people: 14 seconds; 3 min 5 s; 2 h 10 min."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return "less than a second" if not seconds else counted(seconds, "second")
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if not hours and not seconds:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


@register.filter
def figure(number):
    """A number with its thousands apart: 4,821."""
    return intcomma(number)


@register.filter
def amount(number):
    """An amount of money, every digit of it: 1,234.50."""
    whole, _, fraction = f"{number:,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


@register.filter
def breakable(name: str):
    """A column's name that a narrow cell may break between its words, and copies as it is: default<wbr>Currency."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((word,) for word in re.split(r"(?<=[a-z])(?=[A-Z])", name)))


@register.filter
def kind_of_record(entity: str) -> str:
    """An entity's name as words (InvoiceLine: Invoice line); a file's name stays as it is."""
    if not re.fullmatch(r"[A-Za-z]+", entity):
        return entity
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", entity)
    return words[:1].upper() + words[1:].lower()
