"""Inspects an upload for an enrollment: what its files seem to be, and what must be asked before they can be loaded."""

import unicodedata
from collections.abc import Collection, Mapping
from typing import IO

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Lower
from django.utils import timezone

from adsplatform.accounts.models import Account
from adsplatform.errors import PlatformError, QuotaExceeded
from adsplatform.records.models import Company, Invoice
from enrollments.models import AppEnrollment
from syncs.connectors.protocol import Limits
from syncs.import_profiles.drafts import Books
from syncs.import_profiles.inspected import Answers, Inspection
from syncs.import_profiles.inspection import SECONDS, Inspected, Surroundings, TakesTooLong, inspect_files
from syncs.import_profiles.questions import AnswerError
from syncs.services.import_profiles import current_profiles

# More names of companies are not looked up in one inspection.
MOST_NAMES = 5_000
OWN_COMPANY = "Company"


class AnswerRefused(PlatformError):
    """An answer that does not fit; `question` is the id of its question, or empty."""

    def __init__(self, message: str, *, question: str) -> None:
        super().__init__(message, field="answers")
        self.question = question


class InspectionTooLong(QuotaExceeded):
    """The upload has too many files or sheets, or they are too large together."""

    status = 413
    title = "The inspection took too long."


def inspect(
    account: Account,
    enrollment: AppEnrollment | None,
    content: IO[bytes],
    *,
    file_name: str,
    answers: Mapping[str, Answers] | None = None,
) -> Inspection:
    """What the files of an upload are. Nothing is loaded and nothing is kept.

    Without an enrollment it is the account's own one for uploads. `answers` has by file the answers given so far.
    Raises AnswerRefused for one that does not fit.
    """
    found = inspected_files(account, enrollment, content, file_name=file_name, answers=answers)
    return Inspection([one.file for one in found])


def inspected_files(
    account: Account,
    enrollment: AppEnrollment | None,
    content: IO[bytes],
    *,
    file_name: str,
    answers: Mapping[str, Answers] | None = None,
) -> list[Inspected]:
    """The files of an upload with their proposals, from which `proposal.complete` makes profiles."""
    enrollment = enrollment or _own_enrollment(account)
    around = Surroundings(
        today=timezone.localdate(),
        limits=Limits(
            unpacked_bytes=settings.UNPACKED_MAX_BYTES,
            ratio=settings.UNPACKED_MAX_RATIO,
            entries=settings.ZIP_MAX_ENTRIES,
            line_bytes=settings.LINE_MAX_BYTES,
        ),
        books=books_of(enrollment),
        profiles=[version.profile for version in current_profiles(enrollment)] if enrollment else (),
        answers=answers or {},
        seconds=SECONDS,
    )
    try:
        return inspect_files(content, file_name, around)
    except TakesTooLong:
        raise InspectionTooLong(
            f"The files of “{file_name}” could not be looked at within {SECONDS:g} seconds. Send fewer at once."
        ) from None
    except AnswerError as error:
        raise AnswerRefused(str(error), question=error.question) from error


def _own_enrollment(account: Account) -> AppEnrollment | None:
    """The account's enrollment for uploads, if there is one already."""
    return AppEnrollment.objects.of(account).current().filter(is_uploads=True).first()


def books_of(enrollment: AppEnrollment | None) -> Books:
    """What proposals ask of the enrollment's books."""
    if enrollment is None:
        return Books()
    companies = Company.objects.filter(app_enrollment_id=enrollment.pk)

    def with_names(names: Collection[str]) -> Collection[str]:
        wanted = {_folded(name): name for name in list(names)[:MOST_NAMES]}
        counted = (
            companies.annotate(folded=Lower("company_name"))
            .filter(folded__in=list(wanted))
            .values_list("folded")
            .annotate(count=Count("pk"))
        )
        return [wanted[folded] for folded, count in counted if count == 1 and folded in wanted]

    def with_keys(keys: Collection[str]) -> Collection[str]:
        return list(companies.filter(erp_key__in=list(keys)[:MOST_NAMES]).values_list("erp_key", flat=True))

    own = companies.filter(company_type=OWN_COMPANY).order_by("erp_key").values_list("erp_key", flat=True)
    return Books(with_names, with_keys, tuple(own[:20]), _currency_of(enrollment))


def _currency_of(enrollment: AppEnrollment) -> str:
    """The currency of the enrollment's last invoices; empty if they have several."""
    last = Invoice.objects.filter(app_enrollment_id=enrollment.pk).exclude(currency_code=None).order_by("-pk")
    codes = set(last.values_list("currency_code", flat=True)[:100])
    return str(codes.pop()) if len(codes) == 1 else ""


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).lower()
