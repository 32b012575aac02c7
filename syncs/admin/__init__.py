"""Pages for staff: syncs, their problems across accounts, notices, table sizes."""

from syncs.admin.notices import NoticeAdmin
from syncs.admin.result_details import SyncResultDetailAdmin
from syncs.admin.syncs import SyncRequestAdmin

__all__ = ["NoticeAdmin", "SyncRequestAdmin", "SyncResultDetailAdmin"]
