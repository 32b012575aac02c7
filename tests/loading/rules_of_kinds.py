"""What the plain rules of loading (`rules`) know of each kind of record that is tried: keys, columns, references."""

from dataclasses import dataclass, field
from decimal import Decimal

# The amounts that are added up, and the column that says in which currency.
AMOUNTS = {
    "Invoice": {
        "totalAmount": "currencyCode",
        "netAmount": "currencyCode",
        "baseCurrencyTotalAmount": "",
        "baseCurrencyNetAmount": "",
    },
    "FinancialAccountBalanceHistory": {"balance": ""},
}
# Amounts that are worked out, by the rate, from others.
IN_BASE_CURRENCY = {"baseCurrencyTotalAmount": "totalAmount", "baseCurrencyNetAmount": "netAmount"}


@dataclass(frozen=True)
class Reference:
    """A column that holds another record, and the columns that name it: (column, looked up by)."""

    to: str
    ways: tuple[tuple[str, str], ...]
    required: bool = False


@dataclass(frozen=True)
class Kind:
    """What of one kind of record is tried: its key, its own columns and its references."""

    key: tuple[str, ...]
    required: tuple[str, ...]
    own_columns: tuple[str, ...]
    references: dict[str, Reference] = field(default_factory=dict)
    always_complete: bool = False


def by_key(name, to="Company", required=False):
    return Reference(to, ((f"{name}ErpKey", "key"), (f"{name}NetworkId", "id")), required)


KINDS = {
    "Company": Kind(
        ("erpKey",),
        ("erpKey", "companyName", "companyType", "isActive"),
        ("companyName", "companyType", "isActive", "city"),
        {"parentCompany": by_key("parentCompany"), "primaryContact": by_key("primaryContact", "Contact")},
    ),
    "Contact": Kind(
        ("erpKey",),
        ("erpKey", "isActive", "companyErpKey"),
        ("isActive", "city"),
        {"company": by_key("company", required=True)},
    ),
    "Invoice": Kind(
        ("erpKey",),
        ("erpKey", "companyErpKey", "customerErpKey"),
        ("currencyCode", "currencyRate", "isVoided", *AMOUNTS["Invoice"]),
        {"company": by_key("company", required=True), "customer": by_key("customer", required=True)},
    ),
    "FinancialAccount": Kind(
        ("erpKey",),
        ("erpKey", "code", "name", "status", "cashflowType", "description", "classification"),
        ("code", "name"),
    ),
    "FinancialAccountBalanceHistory": Kind(
        ("financialAccount", "financialYear", "periodNumber"),
        ("periodNumber", "financialYear", "periodStartDate", "periodEndDate", "status", "balance"),
        ("periodNumber", "balance"),
        {
            "financialAccount": Reference(
                "FinancialAccount",
                (("financialAccountErpKey", "key"), ("financialAccountCode", "code")),
                required=True,
            )
        },
        always_complete=True,
    ),
}


def is_key(column):
    """Whether records are told apart, or referred to, by the column."""
    return column.lower().endswith("erpkey") or column in ("code", "financialAccountCode")


def currency_of(text):
    text = text and text.strip()
    return text.upper() if text and len(text) == 3 and text.isascii() and text.isalpha() else ""


def typed(column, text):
    if column in ("currencyRate", "balance", *AMOUNTS["Invoice"]):
        return Decimal(1) if text is None and column == "currencyRate" else text and Decimal(text)
    if column in ("isActive", "isVoided"):
        return text == "true"
    if column == "periodNumber":
        return int(text)
    if column == "currencyCode":
        return text and text.strip().upper()
    return text
