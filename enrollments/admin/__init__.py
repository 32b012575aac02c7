"""Pages for staff: accounts, the catalogue of applications, enrollments."""

from enrollments.admin.accounts import AccountAdmin
from enrollments.admin.applications import ApplicationAdmin
from enrollments.admin.enrollments import AppEnrollmentAdmin

__all__ = ["AccountAdmin", "AppEnrollmentAdmin", "ApplicationAdmin"]
