"""Files as programs export them; each stands for its kind."""

DATEV = (
    '"EXTF";700;16;"Debitoren/Kreditoren";5;20250301090000000;;"RE";"";"";2002;77;20250101;4;;;"";"";;;;"EUR"\r\n'
    "Konto;Name (Adressattyp Unternehmen);Name (Adressattyp natürl. Person);Vorname (Adressattyp natürl. Person);"
    "Name (Adressattyp keine Angabe);EU-Land;EU-UStID;Straße;Postleitzahl;Ort;Telefon\r\n"
    '11200;"Gärtnerei Süß";"";"";"";"DE";"111222333";"Weg 1";"50667";"Köln";""\r\n'
    '11201;"";"Öztürk";"Aylin";"";"";"";"Gasse 7";"20095";"Hamburg";""\r\n'
    '70500;"";"";"";"Stadtwerke";"";"";"Platz 2";"70173";"Stuttgart";"0711 1"\r\n'
).encode("cp1252")

GERMAN = """\
Rechnungsnr.;Rechnungsdatum;Fälligkeit;Kundennummer;Kundenname;Belegart;Nettobetrag;MwSt-Betrag;Bruttobetrag;Offen;Währung;Status
4711;28.02.2025;14.03.2025;K1;Alpha GmbH;Rechnung;2.000,00;380,00;2.380,00;2.380,00;EUR;offen
4712;01.03.2025;15.03.2025;K2;Beta KG;Rechnung;10,50;2,00;12,50;0,00;EUR;bezahlt
4713;02.03.2025;;K1;Alpha GmbH;Gutschrift;-100,00;-19,00;-119,00;-119,00;EUR;offen
;;;;Summe;;1.910,50;363,00;2.273,50;2.261,00;;
"""

LINES = """\
InvoiceNo,Customer,InvoiceDate,DueDate,Terms,Item(Product/Service),ItemDescription,ItemQuantity,ItemRate,ItemAmount,ItemTaxAmount
900,Harbor Cafe,05/20/2025,06/19/2025,Net 30,Beans,Espresso,10,"1,020.00","10,200.00",0.00
900,Harbor Cafe,05/20/2025,06/19/2025,Net 30,Milk,Oat,4,2.25,9.00,0.45
901,Quay Books,05/21/2025,06/20/2025,Net 30,Beans,Filter,1,15.00,15.00,0.00
"""

CONTACTS = """\
*ContactName,AccountNumber,EmailAddress,FirstName,LastName,POAddressLine1,POCity,POPostalCode,PhoneNumber,TaxNumber
Elm Bakery,ELM1,hi@elm.example,Ann,Moss,1 Elm St,Leeds,LS1 1AA,0113 1,GB1
Fir Motors,,fix@fir.example,,,2 Fir Rd,York,YO1 1AA,,
"""

FRENCH = """\
N° facture;Date de facture;Date d'échéance;Code client;Montant HT;TVA;Montant TTC;Reste à payer;Devise;Payée
F1;17/06/2024;17/07/2024;C1;3\u00a0000,00;600,00;3\u00a0600,00;0,00;EUR;oui
F2;02/07/2024;01/08/2024;C2;10\u202f000,50;2\u202f000,10;12\u202f000,60;12\u202f000,60;EUR;non
F3;04/07/2024;03/08/2024;C1;50,00;10,00;60,00;60,00;EUR;non
"""

SWISS = """\
Rechnung Nr.\tDatum\tZahlbar bis\tKundennummer\tNetto\tMWST-Betrag\tTotal\tWährung\tKurs
1\t05.09.2025\t05.10.2025\t7\t2'000.50\t160.00\t2'160.50\tCHF\t1
2\t06.09.2025\t06.10.2025\t8\t40’000.00\t3’200.00\t43’200.00\tCHF\t1
3\t30.09.2025\t30.10.2025\t7\t100.—\t0.—\t100.—\tEUR\t0.94
"""

REPORT = """\
Lake Supply Inc,,,,,,
Open Invoices,,,,,,
"As of June 30, 2025",,,,,,
,,,,,,
Customer,Date,Transaction Type,Num,Due Date,Open Balance,Amount
Iris Florist,05/30/2025,Invoice,31,06/29/2025,"2,500.00","2,500.00"
Iris Florist,06/02/2025,Credit Memo,CM1,06/02/2025,(40.00),(40.00)
Total Iris Florist,,,,,"2,460.00","2,460.00"
Total Care Clinic,06/13/2025,Invoice,32,07/13/2025,100.50,200.25
Total Total Care Clinic,,,,,100.50,200.25
TOTAL,,,,,"2,560.50","2,660.25"
,,,,,,
"Monday, Jun 30, 2025 09:00:00 AM GMT-5 - Accrual Basis",,,,,,
"""

TWO_ROWS = """\
Rechnung;;;Kunde;;Betrag;;
Nr.;Datum;Fällig;Nr.;Name;Netto;Steuer;Brutto
B1;31.03.2025;45772;K5;Ceta AG;100,00;19,00;119,00
B2;01.04.2025;45773;K6;Delta AG;200,00;38,00;238,00
"""

BANK = """\
Date,Reference,Payee,Details,Paid Out,Paid In,Balance
21/05/2025,R1,Oak Ltd,part,,"2,000.00","5,000.00"
22/05/2025,R2,Power Co,May,"150.50",,"4,849.50"
03/06/2025,R3,Ash Ltd,rest,,50.00,"4,899.50"
"""

MIXED = """\
Type,Number,Date,Customer ID,Amount,Open,Method
Invoice,S1,02/03/2025,K1,"2,000.00","2,000.00",
Payment,P1,04/03/2025,K1,300.00,0.00,Check
Credit Memo,S2,05/03/2025,K2,80.00,80.00,
Payment,P2,06/07/2025,K2,200.00,25.00,Wire
"""
