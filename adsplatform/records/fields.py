"""Model fields that also say how a loaded value gets into them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adsplatform.records.models.base import Record

    DecimalField = models.DecimalField[Decimal | None, Decimal | None]
    UUIDField = models.UUIDField[object, object]
else:
    DecimalField, UUIDField = models.DecimalField, models.UUIDField


@dataclass(frozen=True)
class Assumed:
    """What a new record gets where the input has no value: a constant, or the product of two other fields.

    The representation of this class is part of every row hash: a change of its fields makes all rows count as changed.
    """

    constant: Decimal | None = None
    product_of: tuple[str, str] | None = None


class AmountField(DecimalField):
    """An amount, quantity or rate: exact, 20 digits before the decimal point and 8 after.

    `adds_up` says whether a sum of it is meaningful: then syncs have control totals of it, by currency. It is false for
    a quantity, a rate or a price. `currency` is the field of the same record that holds the amount's currency; without
    one, the amount is in the currency of its parent record or of the account.
    """

    def __init__(
        self,
        *,
        null: bool = False,
        max_digits: int = 28,
        decimal_places: int = 8,
        assumed: Assumed | None = None,
        adds_up: bool = True,
        currency: str = "",
    ):
        super().__init__(null=null, max_digits=max_digits, decimal_places=decimal_places)
        self.assumed, self.adds_up, self.currency = assumed, adds_up, currency


class Reference(models.ForeignKey["Record | None", "Record | None"]):
    """A reference to another record, which the input names by a key of the source system.

    `by` maps each loadable column to the target's column in which it is looked up; by default `<name>_erp_key` is
    looked up in `erp_key`, and `<name>_network_id` in the platform id. The database has no foreign key for it: a merge
    resolves every reference itself, under the enrollment's lock, and a foreign-key trigger for each line would double
    the time of a load.
    """

    related_model: "type[Record]"

    def __init__(
        self,
        to: "type[Record] | str",
        on_delete: "Callable[..., None]" = models.DO_NOTHING,
        *,
        null: bool = False,
        by: dict[str, str] | None = None,
    ):
        super().__init__(to, on_delete, null=null, db_constraint=False, db_index=False, related_name="+")
        self._by = by

    @property
    def by(self) -> dict[str, str]:
        if self._by is not None:
            return self._by
        return {f"{self.name}_erp_key": "erp_key", f"{self.name}_network_id": "id"}

    def deconstruct(self) -> "tuple[str, str, Sequence[object], dict[str, object]]":
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("db_constraint", "db_index", "related_name"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs


class AnyReference(UUIDField):
    """A reference to a record of a kind that another field of the same line names.

    `kind` and `key` are the fields that hold the target's kind and ERP key; `to` lists the kinds it may be.
    """

    def __init__(self, *, kind: str = "", key: str = "", to: tuple[str, ...] = ()):
        super().__init__()
        self.kind, self.key, self.to = kind, key, to
