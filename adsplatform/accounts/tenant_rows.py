"""Rows that belong to an account."""

from typing import TYPE_CHECKING, Self, TypeVar
from uuid import UUID

from django.db import models

if TYPE_CHECKING:
    from adsplatform.accounts.models import Account

_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class TenantQuerySet(models.QuerySet[_Row]):
    """Rows that belong to an account: every query of an interface starts with `.of(account)`."""

    def of(self, account: "Account | UUID") -> Self:
        return self.filter(group_key=account)
