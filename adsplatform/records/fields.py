"""Model fields that also say how a loaded value finds its way into them."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import models


@dataclass(frozen=True)
class Assumed:
    """What stands in for a value that the input does not give: a constant, or the product of two fields."""

    constant: Decimal | None = None
    product_of: tuple[str, str] | None = None


class AmountField(models.DecimalField):
    """An amount, quantity or rate: exact, 20 digits before the decimal point and 8 after.

    Amounts of money add up, and syncs give their totals by currency; a quantity, a rate or a price of one does not.
    `currency` is the field of the same record that holds the amount's currency, empty where there is none: the amount
    is then in that of the record it belongs to, or in the account's own.
    """

    def __init__(self, *args, assumed: Assumed | None = None, adds_up: bool = True, currency: str = "", **kwargs):
        self.assumed, self.adds_up, self.currency = assumed, adds_up, currency
        kwargs |= {"max_digits": 28, "decimal_places": 8}
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        # What steers loading only is left out; the column does not depend on it.
        return name, path, args, kwargs


class Reference(models.ForeignKey):
    """A reference to another record, which the input names by a key of the source system.

    `by` maps each loadable column to the target's column it is looked up in; by default
    `<name>_erp_key` to `erp_key` and `<name>_network_id` to the platform id. The database does not check it:
    a merge resolves every reference itself, under the enrollment's lock, and one foreign-key trigger a
    line would double the time of a load.
    """

    def __init__(self, to, *, by: dict[str, str] | None = None, **kwargs):
        self._by = by
        kwargs |= {
            "on_delete": models.DO_NOTHING,
            "db_constraint": False,
            "db_index": False,
            "related_name": "+",
        }
        super().__init__(to, **kwargs)

    @property
    def by(self) -> dict[str, str]:
        if self._by is not None:
            return self._by
        return {f"{self.name}_erp_key": "erp_key", f"{self.name}_network_id": "id"}

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("db_constraint", "db_index", "related_name"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs


class AnyReference(models.UUIDField):
    """A reference whose kind of target stands in another field of the same line.

    `kind` and `key` are the fields that hold the target's kind and ERP key; `to` lists the kinds it may be.
    """

    def __init__(self, *args, kind: str = "", key: str = "", to: tuple[str, ...] = (), **kwargs):
        self.kind, self.key, self.to = kind, key, to
        super().__init__(*args, **kwargs)
