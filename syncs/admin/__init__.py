"""Pages for staff: syncs, their problems across accounts, notices, records, table sizes."""

from syncs.admin.notices import NoticeAdmin
from syncs.admin.records import RecordAdmin
from syncs.admin.result_details import SyncResultDetailAdmin
from syncs.admin.syncs import SyncRequestAdmin

__all__ = ["NoticeAdmin", "RecordAdmin", "SyncRequestAdmin", "SyncResultDetailAdmin"]
