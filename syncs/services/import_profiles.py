"""Import profiles of an enrollment: read, saved as new versions, removed."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from adsplatform.accounts.models import User, with_people
from adsplatform.errors import Conflict, PlatformError
from enrollments.models import AppEnrollment
from syncs.import_profiles.document_writer import to_json
from syncs.import_profiles.documents import parse
from syncs.import_profiles.profile import ImportProfile, ProfileError
from syncs.models import ImportProfileVersion

# More profiles than kinds of file that one company sends would only slow recognition down.
MOST_PROFILES = 50


def current_profiles(enrollment: AppEnrollment) -> list[ImportProfileVersion]:
    """The profiles by which the enrollment's files are read now."""
    versions = ImportProfileVersion.objects.of_enrollment(enrollment).current()
    return list(with_people(versions.order_by("name", "created"), "created_user"))


@transaction.atomic
def save_profile(
    enrollment: AppEnrollment,
    user: User | None,
    document: object,
    *,
    replaces: ImportProfileVersion | None = None,
    expected_version: int | None = None,
) -> ImportProfileVersion:
    """Save a document as a profile that this user confirms: a new version of the one for the same files, if any.

    An unchanged document makes no new version. `replaces` is the profile that is edited, where its columns may have
    changed. Raises PlatformError for a document that is no profile, and Conflict where the present version is not the
    `expected_version`.
    """
    profile = _parsed(document)
    enrollment.lock()
    present = _same_files(enrollment, profile)
    edited = replaces if replaces and replaces.replaced is None else present
    if expected_version is not None and expected_version != (edited.version if edited else 0):
        raise Conflict(
            f"The import profile “{profile.name}” has been changed since: its version is "
            f"{edited.version if edited else 0}, not {expected_version}. Fetch it again, then change that.",
            field="version",
        )
    if present and _content(to_json(profile)) == _content(present.document):
        _replace([version for version in (replaces,) if version and version.pk != present.pk])
        return present
    if not edited and ImportProfileVersion.objects.of_enrollment(enrollment).current().count() >= MOST_PROFILES:
        raise PlatformError(f"An enrollment has at most {MOST_PROFILES} import profiles. Remove one first.")
    _replace([version for version in (present, edited) if version])
    return _create(
        enrollment, user, profile, version=edited.version + 1 if edited else _next_version(enrollment, profile)
    )


@transaction.atomic
def replace_profiles(
    enrollment: AppEnrollment, user: User | None, documents: Sequence[Mapping[str, object]]
) -> list[ImportProfileVersion]:
    """Save these documents as all profiles of the enrollment; others are removed.

    A document may have the member `version`: the version that it was made from.
    """
    enrollment.lock()
    kept = []
    for position, document in enumerate(documents):
        try:
            kept.append(save_document(enrollment, user, document))
        except PlatformError as error:
            error.field = f"profiles[{position}]" + (f".{error.field}" if error.field else "")
            raise
    if len({(version.fingerprint, version.file_pattern) for version in kept}) < len(kept):
        raise PlatformError(
            "Two of the profiles are for the same files. Give one of them a pattern of file names (match.file).",
            field="profiles",
        )
    others = ImportProfileVersion.objects.of_enrollment(enrollment).current().exclude(pk__in=[one.pk for one in kept])
    _replace(others)
    return current_profiles(enrollment)


def save_document(enrollment: AppEnrollment, user: User | None, document: object) -> ImportProfileVersion:
    """Save a document that may have the member `version`, as programs get it: the version that it was made from."""
    expected: object = None
    if isinstance(document, Mapping):
        document = dict(document)
        expected = document.pop("version", None)
    if expected is not None and (not isinstance(expected, int) or isinstance(expected, bool)):
        raise PlatformError("version: a whole number is expected here.", field="version")
    return save_profile(enrollment, user, document, expected_version=expected)


@transaction.atomic
def remove_profile(version: ImportProfileVersion) -> None:
    """Remove a profile: new files are no longer read by it. What syncs have used stays."""
    version.app_enrollment.lock()
    _replace(ImportProfileVersion.objects.filter(pk=version.pk))


def _parsed(document: object) -> ImportProfile:
    try:
        return parse(document)
    except ProfileError as error:
        raise PlatformError(str(error), field=error.place) from error


def _same_files(enrollment: AppEnrollment, profile: ImportProfile) -> ImportProfileVersion | None:
    return (
        ImportProfileVersion.objects.of_enrollment(enrollment)
        .current()
        .filter(fingerprint=profile.fingerprint, file_pattern=profile.match.file)
        .first()
    )


def _next_version(enrollment: AppEnrollment, profile: ImportProfile) -> int:
    """One more than the last version of a profile for the same files, also a removed one."""
    earlier = ImportProfileVersion.objects.of_enrollment(enrollment).filter(
        fingerprint=profile.fingerprint, file_pattern=profile.match.file
    )
    return (earlier.order_by("-version").values_list("version", flat=True).first() or 0) + 1


def _content(document: Mapping[str, object]) -> dict[str, object]:
    """The document without who confirmed it, and when."""
    return {name: value for name, value in document.items() if name != "confirmed"}


def _replace(versions: Iterable[ImportProfileVersion]) -> None:
    keys = [version.pk for version in versions]
    ImportProfileVersion.objects.current().filter(pk__in=keys).update(replaced=timezone.now())


def _create(
    enrollment: AppEnrollment, user: User | None, profile: ImportProfile, *, version: int
) -> ImportProfileVersion:
    document, now = to_json(profile), timezone.now()
    sample = profile.confirmed.get("sample", "") if profile.confirmed else ""
    document["confirmed"] = {
        "by": user.email if user else "",
        "at": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "sample": sample,
    }
    return ImportProfileVersion.objects.create(
        group_key_id=enrollment.group_key_id,
        app_enrollment=enrollment,
        name=profile.name,
        fingerprint=profile.fingerprint,
        file_pattern=profile.match.file,
        version=version,
        document=document,
        created=now,
        created_user=user,
    )
