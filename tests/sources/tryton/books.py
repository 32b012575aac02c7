"""Makes the books of a company in a Tryton database, changes them, and reports what Tryton itself says of them.

Runs in the virtual environment of the Tryton server, never in the product's: `python books.py CONFIG DATABASE ACTION`,
where ACTION is one of the functions in ACTIONS. What it returns is printed as JSON.
"""

import json
import sys
from datetime import date, timedelta
from decimal import Decimal

from proteus import Model, Wizard, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, create_tax, get_accounts
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.currency.tests.tools import get_currency

YEAR = 2025
CUSTOMERS, VENDORS = 8, 4


def create() -> None:
    """Twelve parties, 24 invoices and credit notes of which 22 are posted, payments, and an entry by hand."""
    euro, dollar = get_currency("EUR"), get_currency("USD")
    for currency, value in ((euro, "1"), (dollar, "1.25")):
        rate = currency.rates.new()
        rate.date, rate.rate = date(YEAR, 1, 1), Decimal(value)
        currency.save()
    create_company(currency=euro)
    company = get_company()
    company.cancel_invoice_out = True
    company.save()
    year = create_fiscalyear(company, (date(YEAR, 1, 1), date(YEAR, 12, 31)))
    year.start_date, year.end_date = date(YEAR, 1, 1), date(YEAR, 12, 31)
    set_fiscalyear_invoice_sequences(year)
    year.save()
    year.click("create_period")
    create_chart(company)
    tax = create_tax(Decimal("0.2"))
    tax.save()
    _payment_method()
    _payment_term()
    parties = _parties()
    *invoices, foreign, _draft = _invoices(
        *(("out", parties[number % CUSTOMERS], number, euro) for number in range(16)),
        *(("in", parties[CUSTOMERS + number % VENDORS], 20 + number, euro) for number in range(5)),
        ("out", parties[0], 26, dollar),
        ("out", parties[1], 27, euro),
    )
    Model.get("account.invoice").click([*invoices, foreign], "post")
    for number in (0, 1, 2, 16):
        _pay(invoices[number], invoices[number].total_amount)
    for number in (3, 4, 17):
        _pay(invoices[number], Decimal("40.00"))
    _pay(invoices[4], Decimal("25.50"))
    _pay(foreign, Decimal("60.00"))
    _pay_by_statement(invoices[9], Decimal("30.00"), date(YEAR, 10, 1))
    _credit(invoices[5], with_refund=True)
    _credit(invoices[18], with_refund=False)
    invoices[6].click("cancel")
    _by_hand(date(YEAR, 12, 1), Decimal("500.00"))
    _pay_without_invoice(parties[7], Decimal("33.00"), date(YEAR, 12, 2))
    payment = _pay_without_invoice(parties[6], invoices[14].total_amount, date(YEAR, 12, 2))
    Wizard("account.move.reconcile_lines", [_owed_in(invoices[14].move), _owed_in(payment)])


def change() -> None:
    """What happens at the source between two syncs."""
    every = Model.get("account.invoice")
    parties = {party.name: party for party in Model.get("party.party").find([])}
    renamed = parties["Customer 3"]
    renamed.name = "Customer 3 & Sons"
    renamed.save()
    parties["Without invoices"].delete()
    invoices = {invoice.description: invoice for invoice in every.find([("state", "=", "posted")])}
    euro = get_currency("EUR")
    added = _invoices(("out", parties["Customer 4"], 46, euro), ("out", parties["Vendor 3"], 46, euro))
    every.click(added, "post")
    _pay(invoices["Order 7"], Decimal("10.00"))
    _pay(invoices["Order 3"], invoices["Order 3"].amount_to_pay)
    # Two lines of an account reconciled by hand: the invoice itself is not what a person edits.
    (payment,) = Model.get("account.move").find([("description", "=", "On account of Customer 7")])
    wizard = Wizard("account.move.reconcile_lines", [_owed_in(invoices["Order 15"].move), _owed_in(payment)])
    (wizard.form.writeoff,) = Model.get("account.move.reconcile.write_off").find([("name", "=", "Small differences")])
    wizard.form.date = date(YEAR, 12, 3)
    wizard.execute("reconcile")
    # An invoice that was settled by hand is open again.
    (settled,) = every.find([("description", "=", "Order 14")])
    _owed_in(settled.move).reconciliation.delete()


def report() -> dict[str, object]:
    """What Tryton says is receivable and payable by party, due by invoice, and posted by account."""
    parties = Model.get("party.party").find([])
    with config.get_config().set_context(posted=True, date=None):
        accounts = Model.get("account.account").find([("type", "!=", None)])
        trial = {account.code: [str(account.debit), str(account.credit)] for account in accounts if account.line_count}
    return {
        "receivable": {str(party.id): str(party.receivable) for party in parties if party.receivable},
        "payable": {str(party.id): str(party.payable) for party in parties if party.payable},
        "due": {
            invoice.number: [invoice.type, invoice.state, str(invoice.total_amount), str(invoice.amount_to_pay)]
            for invoice in Model.get("account.invoice").find([("state", "in", ["posted", "paid", "cancelled"])])
        },
        "trial": trial,
        "lines": len(Model.get("account.move.line").find([("move.state", "=", "posted")])),
    }


def key() -> dict[str, str]:
    """A new key of the REST interface for the user `admin`."""
    user = Model.get("res.user")(config.get_config().user)
    application = Model.get("res.user.application")(application="rest", user=user)
    application.save()
    return {"key": application.key, "state": application.state}


def _parties() -> list[Model]:
    """Customers and then vendors with addresses, and two parties who never get an invoice, one of them inactive."""
    germany = Model.get("country.country")(name="Germany", code="DE", code3="DEU")
    germany.subdivisions.new(name="Bavaria", code="DE-BY", type="land")
    germany.save()
    names = [f"Customer {number}" for number in range(CUSTOMERS)] + [f"Vendor {number}" for number in range(VENDORS)]
    parties = []
    for number, name in enumerate([*names, "Without invoices", "Long gone"]):
        party = Model.get("party.party")(name=name)
        if number == 2:
            party.name = "Müller & Söhne GmbH"
        address = party.addresses[0] if party.addresses else party.addresses.new()
        address.street_unstructured = f"Hauptstraße {number + 1}"
        address.postal_code, address.city, address.country = f"80{number:03d}", "München", germany
        address.subdivision = germany.subdivisions[0]
        party.contact_mechanisms.new(type="email", value=f"billing{number}@party.example", name="Billing")
        party.contact_mechanisms.new(type="phone", value=f"+49 89 1234{number:02d}")
        if number < 3:
            party.identifiers.new(type=None, code=f"ID-{number:05d}")
        parties.append(party)
    Model.get("party.party").save(parties)
    parties[-1].active = False
    parties[-1].save()
    return parties


def _invoices(*orders: tuple[str, Model, int, Model]) -> list[Model]:
    """Drafts of two lines each, of side, party, number and currency, made at once.

    The dates ascend with the number, because those of posted invoices must.
    """
    accounts, company = get_accounts(), get_company()
    journals = {
        side: Model.get("account.journal").find([("type", "=", type_)], limit=1)[0].id
        for side, type_ in (("out", "revenue"), ("in", "expense"))
    }
    taxes = [tax.id for tax in Model.get("account.tax").find([])]
    (term,) = Model.get("account.invoice.payment_term").find([("name", "=", "In 30 days")])

    def line(side: str, currency: Model, position: int, quantity: int, price: str) -> dict[str, object]:
        return {
            "type": "line",
            "company": company.id,
            "currency": currency.id,
            "account": accounts["revenue" if side == "out" else "expense"].id,
            "description": f"Item {position}",
            "quantity": quantity,
            "unit_price": Decimal(price),
            "taxes": [("add", taxes)],
        }

    values = [
        {
            "type": side,
            "company": company.id,
            "party": party.id,
            "invoice_address": party.addresses[0].id,
            "account": accounts["receivable" if side == "out" else "payable"].id,
            "journal": journals[side],
            "currency": currency.id,
            "payment_term": term.id,
            "invoice_date": date(YEAR, 1, 10) + timedelta(days=number * 7),
            "description": f"Order {number}",
            "reference": f"PO-{number:03d}",
            "lines": [
                ("create", [line(side, currency, 1, 2, "50.00"), line(side, currency, 2, 1, f"{10 + number}.25")])
            ],
        }
        for side, party, number, currency in orders
    ]
    # By the object itself, as the client would set each value and ask for what follows from it.
    model = Model.get("account.invoice")
    return [model(id_) for id_ in model._proxy.create(values, config.get_config().context)]


def _pay(invoice: Model, amount: Decimal) -> None:
    is_partial = amount != invoice.amount_to_pay
    wizard = invoice.click("pay")
    (wizard.form.payment_method,) = Model.get("account.invoice.payment.method").find([("name", "=", "Cash")])
    wizard.form.amount = amount
    wizard.form.date = invoice.invoice_date + timedelta(days=20)
    wizard.execute("choice")
    if is_partial:
        wizard.form.type = "partial"
        wizard.execute("pay")


def _credit(invoice: Model, *, with_refund: bool) -> None:
    """A credit note of the whole invoice, which with a refund settles the invoice."""
    wizard = Wizard("account.invoice.credit", [invoice])
    wizard.form.with_refund = with_refund
    wizard.form.invoice_date = date(YEAR, 11, 1)
    wizard.execute("credit")
    if not with_refund:
        (note,) = Model.get("account.invoice").find(
            [("type", "=", invoice.type), ("total_amount", "<", 0), ("state", "=", "draft")]
        )
        note.invoice_date = date(YEAR, 11, 2)
        note.save()
        note.click("post")


def _by_hand(day: date, amount: Decimal) -> None:
    """An entry that no invoice made."""
    accounts = get_accounts()
    move = _move("general", day, "Cash spent")
    move.lines.new(account=accounts["expense"], debit=amount)
    move.lines.new(account=accounts["cash"], credit=amount)
    move.click("post")


def _pay_without_invoice(party: Model, amount: Decimal, day: date) -> Model:
    accounts = get_accounts()
    move = _move("cash", day, f"On account of {party.name}")
    move.lines.new(account=accounts["cash"], debit=amount)
    move.lines.new(account=accounts["receivable"], credit=amount, party=party)
    move.click("post")
    return move


def _owed_in(move: Model) -> Model:
    """The line of an entry that is on the receivable account."""
    receivable = get_accounts()["receivable"]
    return next(line for line in move.lines if line.account == receivable)


def _pay_by_statement(invoice: Model, amount: Decimal, day: date) -> None:
    accounts = get_accounts()
    (journal,) = Model.get("account.journal").find([("type", "=", "statement")], limit=1)
    of_bank = Model.get("account.statement.journal")(
        name="Bank", journal=journal, account=accounts["cash"], validation="number_of_lines"
    )
    of_bank.save()
    statement = Model.get("account.statement")(name="October", journal=of_bank, number_of_lines=1, date=day)
    line = statement.lines.new()
    line.number, line.date, line.amount, line.party = "1", day, amount, invoice.party
    # Last, because what is set before it would clear it.
    line.related_to = invoice
    statement.save()
    statement.click("validate_statement")
    statement.click("post")


def _move(journal_type: str, day: date, description: str) -> Model:
    (period,) = Model.get("account.period").find([("start_date", "<=", day), ("end_date", ">=", day)])
    journal = Model.get("account.journal").find([("type", "=", journal_type)], limit=1)[0]
    return Model.get("account.move")(period=period, journal=journal, date=day, description=description)


def _payment_method() -> None:
    accounts = get_accounts()
    (journal,) = Model.get("account.journal").find([("type", "=", "cash")])
    (write_off_journal,) = Model.get("account.journal").find([("type", "=", "write-off")], limit=1)
    Model.get("account.invoice.payment.method")(
        name="Cash", journal=journal, credit_account=accounts["cash"], debit_account=accounts["cash"]
    ).save()
    Model.get("account.move.reconcile.write_off")(
        name="Small differences",
        journal=write_off_journal,
        credit_account=accounts["expense"],
        debit_account=accounts["expense"],
    ).save()


def _payment_term() -> None:
    term = Model.get("account.invoice.payment_term")(name="In 30 days")
    line = term.lines.new(type="remainder")
    line.relativedeltas.new(days=30)
    term.save()


ACTIONS = {action.__name__: action for action in (create, change, report, key)}


def main(config_file: str, database: str, action: str) -> None:
    """Run the action and print what it returns."""
    settings = config.set_trytond(database, user="admin", config_file=config_file)
    settings.skip_warning = True
    print(json.dumps(ACTIONS[action]()))


if __name__ == "__main__":
    main(*sys.argv[1:])
