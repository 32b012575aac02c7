"""Receivables and payables: which invoices and payments are which, in SQL and as a filter of a query.

What is received and paid is told by the type: `AP …` is payable. All else is receivable, so that types that name no
side, as in exports of one side only, count somewhere. A type that ends in `Credit Memo` is a credit memo.
"""

from enum import Enum

from psycopg import sql


class Side(Enum):
    """One side of the books: what customers owe, or what is owed to vendors."""

    AR = "AR"
    AP = "AP"

    def of_type(self, column: str) -> sql.Composed:
        """Whether a type is of this side."""
        is_payable = sql.SQL("""coalesce(starts_with(upper({} COLLATE "C"), 'AP '), false)""").format(
            sql.Identifier(column)
        )
        return is_payable if self is Side.AP else sql.SQL("NOT {}").format(is_payable)

    def filter(self, member: str) -> str:
        """The same as a filter of a query."""
        if self is Side.AP:
            return f"{member} startswith 'AP '"
        return f"({member} not startswith 'AP ' or {member} is null)"

    @property
    def partner(self) -> sql.Identifier:
        """The column with the other party of an invoice: the customer of ours, or the vendor whose it is."""
        return sql.Identifier("customer_id" if self is Side.AR else "company_id")


IS_CREDIT_MEMO = sql.SQL("""coalesce(upper(right(invoice_type_code, 11) COLLATE "C") = 'CREDIT MEMO', false)""")
NO_CREDIT_MEMO = "(invoiceTypeCode not endswith 'Credit Memo' or invoiceTypeCode is null)"
# Invoices that count at all. The sum is dearer than a comparison of ids, so that the database looks at it only after it
# has passed over other accounts' invoices; these columns are far behind in a row.
COUNTS = sql.SQL("is_voided::int + is_draft::int = 0")
COUNTS_FILTER = "isVoided = false and isDraft = false"
# Invoices that count and are no credit memos.
IS_INVOICE = sql.SQL("{} AND NOT {}").format(COUNTS, IS_CREDIT_MEMO)


def invoices_filter(side: Side) -> str:
    """The filter of a query for the invoices of a side, without its credit memos."""
    return f"{side.filter('invoiceTypeCode')} and {NO_CREDIT_MEMO} and {COUNTS_FILTER}"
