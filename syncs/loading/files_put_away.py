"""Has a connector move the files that a sync has read, once the outcome of the sync is committed."""

import logging

from adsplatform.observability.redaction import redact
from enrollments.services import setting_values
from syncs.connectors.protocol import FileProblem, Source, SyncEnd
from syncs.loading.context import MergeContext
from syncs.loading.source import finds_files, limits_of_sources
from syncs.loading.verdict import Loaded, Stopped
from syncs.models import SyncResultDetail
from syncs.reading.client import ReaderLost, put_away

logger = logging.getLogger(__name__)

# Of a sync with more problems, the Inbox has the others. The longest text of one that is passed on.
MOST_PROBLEMS, LONGEST = 10_000, 2_000


def put_away_files(context: MergeContext, verdict: Loaded | Stopped) -> None:
    """Let the connector put away the files that the sync has read.

    Whatever fails here, the sync has ended: what is not done is done after the next one, or said there.
    """
    sync_request, enrollment = context.sync_request, context.enrollment
    if sync_request.upload is not None or sync_request.dry_run:
        return
    if not context.stage.bookmarks.states or not finds_files(sync_request.connector):
        return
    source = Source(
        app_enrollment_id=enrollment.pk,
        full=sync_request.run_full_sync,
        limits=limits_of_sources(),
        credentials=enrollment.credentials,
        settings=setting_values(enrollment),
        state=context.stage.bookmarks.states,
    )
    try:
        put_away(source, _end_of(context, verdict), connector=sync_request.connector, sync_id=str(sync_request.pk))
    except (Exception, ReaderLost) as error:
        logger.warning(
            "The files of sync %s could not be put away: %s", sync_request.pk, redact(str(error), context.secrets)
        )


def _end_of(context: MergeContext, verdict: Loaded | Stopped) -> SyncEnd:
    details = SyncResultDetail.objects.filter(sync_request=context.sync_request).exclude(file="")
    found = list(details.order_by("file", "line", "id")[: MOST_PROBLEMS + 1])
    more = details.count() - MOST_PROBLEMS if len(found) > MOST_PROBLEMS else 0
    return SyncEnd(
        is_loaded=isinstance(verdict, Loaded),
        code=verdict.code if isinstance(verdict, Stopped) else "",
        problems=tuple(map(_problem, found[:MOST_PROBLEMS])),
        more_problems=more,
    )


def _problem(detail: SyncResultDetail) -> FileProblem:
    return FileProblem(
        file=detail.file,
        line=detail.line,
        column=detail.column,
        value=detail.value[:LONGEST],
        is_error=detail.kind == SyncResultDetail.Kind.ERROR,
        code=detail.code,
        message=detail.message,
        raw=detail.raw_line[:LONGEST],
    )
