"""The names and texts of the demo books; no real person or company has them."""

OWN_COMPANY = "Larkspur Office Supply"

CUSTOMERS = (
    "Alder & Finch Architects",
    "Amber Lane Dental",
    "Bayside Veterinary Clinic",
    "Birchwood Academy",
    "Blue Heron Travel",
    "Brightwater Analytics",
    "Canyon Ridge Brewing",
    "Cedar Hollow Farms",
    "Clearfield Insurance",
    "Copper Kettle Catering",
    "Daybreak Physiotherapy",
    "Driftwood Publishing",
    "Eastgate Auto Repair",
    "Elm Street Bakery",
    "Fairhaven Realty",
    "Fernbank Landscaping",
    "Goldcrest Jewelers",
    "Granite Peak Outdoors",
    "Harborview Legal",
    "Hazelwood Interiors",
    "Iron Bridge Fabrication",
    "Juniper Health Partners",
    "Kestrel Aviation Training",
    "Lakeshore Theatre",
    "Lantern Light Studios",
    "Maple Grove Pediatrics",
    "Meridian Surveying",
    "Northwind Couriers",
    "Oak Hill Cabinetry",
    "Paper Crane Marketing",
    "Pinecone Software",
    "Quarry Road Builders",
    "Red Barn Antiques",
    "Rosewood Events",
    "Saltmarsh Seafood",
    "Silver Birch Accounting",
    "Stonebridge Hotels",
    "Tidewater Marine",
    "Willow Creek Winery",
    "Windmill Bicycles",
)

VENDORS = (
    "Ashford Paper Mills",
    "Beacon Freight",
    "Cobalt Toner & Ink",
    "Dovetail Furniture Works",
    "Evergreen Recycling",
    "Foxglove Cleaning",
    "Gable Property Management",
    "Highline Telecom",
    "Ivory Tower Stationery",
    "Keystone Packaging",
    "Lumen Electric",
    "Mainspring Equipment Leasing",
    "Nimbus Cloud Hosting",
    "Orchard Staffing",
    "Pennant Advertising",
)

FIRST_NAMES = (
    "Ada Amir Anna Ben Carla Chen Daria David Elif Emma Farid Grace Hana Hugo Ines Ivan Jonas Julia Kofi "
    "Liam Mara Mateo Mina Nadia Noah Olga Omar Paul Priya Rosa Sam Sofia Tariq Tess Uma Victor Wen Yara Zoe"
).split()

LAST_NAMES = (
    "Adler Bauer Becker Castillo Chan Cohen Costa Diaz Dubois Evans Fischer Garcia Haddad Hansen Ito Jensen "
    "Keller Khan Kowalski Lambert Lopez Martin Mensah Moreau Nakamura Novak Okafor Patel Petrov Quinn "
    "Sato Schmidt Silva Singh Tanaka Torres Weber"
).split()

TITLES = ("Office Manager", "Accountant", "Controller", "Purchasing Lead", "Bookkeeper", "Finance Director")

STREETS = ("Chestnut St", "Mill Rd", "Station Ave", "Harbor Way", "Orchard Ln", "Foundry St", "Park Blvd")

# City, region, postal code, country code, country, currency.
USA = (
    ("Seattle", "WA", "98104", "US", "United States", "USD"),
    ("Portland", "OR", "97205", "US", "United States", "USD"),
    ("Denver", "CO", "80202", "US", "United States", "USD"),
    ("Austin", "TX", "78701", "US", "United States", "USD"),
    ("Chicago", "IL", "60601", "US", "United States", "USD"),
    ("Boston", "MA", "02108", "US", "United States", "USD"),
    ("Newark", "NJ", "07102", "US", "United States", "USD"),
)
ABROAD = (
    ("Toronto", "ON", "M5H 2N2", "CA", "Canada", "CAD"),
    ("Vancouver", "BC", "V6B 1A1", "CA", "Canada", "CAD"),
    ("Dublin", "Leinster", "D02 X285", "IE", "Ireland", "EUR"),
    ("Hamburg", "Hamburg", "20095", "DE", "Germany", "EUR"),
    ("Bristol", "England", "BS1 4DJ", "GB", "United Kingdom", "GBP"),
)

# Code, description, unit price.
PRODUCTS = (
    ("PAP-A4", "Copy paper, box of five reams", "24.90"),
    ("PAP-LT", "Letterhead paper, 500 sheets", "31.50"),
    ("INK-BK", "Toner cartridge, black", "64.75"),
    ("INK-CO", "Toner cartridges, set of three colors", "189.00"),
    ("DSK-ST", "Standing desk, 160 cm", "429.00"),
    ("CHR-ER", "Desk chair, adjustable", "249.50"),
    ("LMP-LD", "Desk lamp", "39.95"),
    ("BND-40", "Ring binders, pack of forty", "58.40"),
    ("WHT-BD", "Whiteboard, 120 × 90 cm", "84.20"),
    ("SRV-DL", "Delivery and assembly", "75.00"),
    ("SRV-MT", "Printer maintenance, one quarter", "145.00"),
)
PURCHASES = (
    ("5000", "Goods for resale", "18.60"),
    ("6100", "Rent of office and warehouse", "2450.00"),
    ("6200", "Electricity and heating", "312.45"),
    ("6300", "Telephone and internet", "118.99"),
    ("6400", "Freight", "86.30"),
    ("6500", "Advertising", "540.00"),
    ("6600", "Cleaning", "95.00"),
    ("6700", "Temporary staff", "38.75"),
)

# Code, name, classification, category, cash-flow type.
ACCOUNTS = (
    ("1000", "Checking account", "Checking", "Cash", "cash"),
    ("1010", "Savings account", "Savings", "Cash", "cash"),
    ("1020", "Petty cash", "Asset", "Cash", "cash"),
    ("1100", "Accounts receivable", "Asset", "Current assets", "operation"),
    ("1150", "Allowance for doubtful accounts", "Asset", "Current assets", "operation"),
    ("1200", "Inventory", "Asset", "Current assets", "operation"),
    ("1300", "Prepaid expenses", "Asset", "Current assets", "operation"),
    ("1500", "Vehicles", "Asset", "Fixed assets", "investment"),
    ("1510", "Warehouse equipment", "Asset", "Fixed assets", "investment"),
    ("1520", "Office furniture", "Asset", "Fixed assets", "investment"),
    ("1590", "Accumulated depreciation", "Asset", "Fixed assets", "investment"),
    ("2000", "Accounts payable", "Liability", "Current liabilities", "operation"),
    ("2050", "Company credit card", "CreditCard", "Current liabilities", "operation"),
    ("2100", "Sales tax payable", "Liability", "Current liabilities", "operation"),
    ("2200", "Wages payable", "Liability", "Current liabilities", "operation"),
    ("2210", "Payroll tax payable", "Liability", "Current liabilities", "operation"),
    ("2300", "Customer deposits", "Liability", "Current liabilities", "operation"),
    ("2500", "Bank loan", "Liability", "Long-term liabilities", "financing"),
    ("3000", "Owner’s capital", "Equity", "Equity", "financing"),
    ("3100", "Owner’s draw", "Equity", "Equity", "financing"),
    ("3900", "Retained earnings", "Equity", "Equity", "financing"),
    ("4000", "Sales of goods", "Income", "Revenue", "operation"),
    ("4100", "Sales of services", "Income", "Revenue", "operation"),
    ("4200", "Sales returns", "Income", "Revenue", "operation"),
    ("4900", "Interest income", "Income", "Other income", "operation"),
    ("5000", "Cost of goods sold", "Expense", "Cost of sales", "operation"),
    ("5100", "Purchase discounts", "Expense", "Cost of sales", "operation"),
    ("6000", "Wages", "Expense", "Operating expenses", "operation"),
    ("6010", "Payroll taxes", "Expense", "Operating expenses", "operation"),
    ("6100", "Rent", "Expense", "Operating expenses", "operation"),
    ("6200", "Utilities", "Expense", "Operating expenses", "operation"),
    ("6300", "Telephone and internet", "Expense", "Operating expenses", "operation"),
    ("6400", "Freight", "Expense", "Operating expenses", "operation"),
    ("6500", "Advertising", "Expense", "Operating expenses", "operation"),
    ("6600", "Cleaning", "Expense", "Operating expenses", "operation"),
    ("6700", "Temporary staff", "Expense", "Operating expenses", "operation"),
    ("6800", "Insurance", "Expense", "Operating expenses", "operation"),
    ("6900", "Depreciation", "Expense", "Operating expenses", "operation"),
    ("7000", "Bank charges", "Expense", "Other expenses", "operation"),
    ("7100", "Interest expense", "Expense", "Other expenses", "operation"),
)

# Description, least and greatest amount; the accounts debited, with their shares in per cent; the account credited.
JOURNAL = (
    ("Depreciation for the month", 800, 1600, (("6900", 100),), "1590"),
    ("Wages for the month", 14000, 21000, (("6000", 88), ("6010", 12)), "2200"),
    ("Insurance used up", 300, 500, (("6800", 100),), "1300"),
    ("Interest on the bank loan", 150, 260, (("7100", 90), ("7000", 10)), "1000"),
)
