"""What control totals and the stored totals of the books say, in a form to compare."""

from syncs.models import BookTotal
from syncs.models.control_totals import sum_as_text
from tests.loading.conftest import company

COMPANIES = [company()]
NONE = (0, "0")


def of_lines(sync_request, column="totalAmount"):
    """By currency: count and sum in the file, loaded, rejected and skipped, of what lines gave."""
    return {
        total.currency: tuple(figures(total, of) for of in ("file", "loaded", "rejected", "skipped"))
        for total in sync_request.control_totals.filter(column=column, file_count__gt=0)
    }


def of_books(sync_request, column="totalAmount"):
    """By currency: count and sum in the books after."""
    found = sync_request.control_totals.filter(column=column).exclude(books_count=0)
    return {total.currency: figures(total, "books") for total in found}


def stored(column="totalAmount"):
    """By currency: count and sum stored for the books."""
    return {total.currency: (total.count, sum_as_text(total.sum)) for total in BookTotal.objects.filter(column=column)}


def figures(total, of):
    return (getattr(total, f"{of}_count"), sum_as_text(getattr(total, f"{of}_sum")))


def loaded_only(count, sum):
    return (count, sum), (count, sum), NONE, NONE
