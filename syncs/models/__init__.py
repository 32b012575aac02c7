"""The tables of syncs: requests, uploads, results, control totals, corrections, notices, scheduled runs,
states of sources."""

from syncs.models.control_totals import BookTotal, ControlTotal
from syncs.models.corrections import Correction, SyncFile
from syncs.models.import_profiles import ImportProfileVersion
from syncs.models.notices import Notice, NoticeMail
from syncs.models.request_queries import SyncRequestQuerySet
from syncs.models.requests import SyncRequest, WrongStatus
from syncs.models.results import SeenKey, SyncDifference, SyncEntityResult, SyncResultDetail
from syncs.models.resumable_uploads import ResumableUpload
from syncs.models.scheduled_runs import ScheduledRun
from syncs.models.source_states import SourceBudget, SourceState
from syncs.models.uploads import UnansweredUpload, Upload

__all__ = [
    "BookTotal",
    "ControlTotal",
    "Correction",
    "ImportProfileVersion",
    "Notice",
    "NoticeMail",
    "ResumableUpload",
    "ScheduledRun",
    "SeenKey",
    "SourceBudget",
    "SourceState",
    "SyncDifference",
    "SyncEntityResult",
    "SyncFile",
    "SyncRequest",
    "SyncRequestQuerySet",
    "SyncResultDetail",
    "UnansweredUpload",
    "Upload",
    "WrongStatus",
]
