"""Workbooks (.xlsx) written part by part, so that a test may write what no library would."""

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

from syncs.connectors.formats.xlsx_cells import letters_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# Cell styles by place: none, date, date and time, five zeros, milliseconds, time of day.
FORMATS = ["", "yyyy\\-mm\\-dd", 'dd/mm/yyyy\\ hh:mm:ss "UTC"', "00000", "yyyy-mm-dd hh:mm:ss.000", "h:mm"]
DATE, STAMP, ZEROS, EXACT, TIME = range(1, 6)


def text(value):
    """A cell with its text in place."""
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def number(value, style=0):
    return f'<c s="{style}"><v>{value}</v></c>'


def cell(kind, value):
    """A cell of any type: b, e, str, s, d."""
    return f'<c t="{kind}"><v>{value}</v></c>'


def sheet(*rows, merged=()):
    """Rows of cells; plain texts become text cells, and None is a cell that is not there."""
    xml = []
    for at, row in enumerate(rows, 1):
        cells = []
        for place, value in enumerate(row):
            if value is not None:
                value = value if value.startswith("<c") else text(value)
                cells.append(value.replace("<c", f'<c r="{letters_of(place)}{at}"', 1))
        xml.append(f'<row r="{at}">{"".join(cells)}</row>')
    ranges = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    return (
        f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(xml)}</sheetData><mergeCells>{ranges}</mergeCells></worksheet>'
    )


def workbook(*sheets, names=None, shared=None, since_1904=False, states=None, formats=(), calculation="", **others):
    """The bytes of a workbook with these sheets; `shared` is the XML of its shared texts.

    `formats` are the codes of further cell styles, which follow those of FORMATS; `states` are those of the sheets;
    `calculation` are attributes of `calcPr`; `others` are parts by their path.
    """
    names = names or [f"Sheet{at}" for at, _ in enumerate(sheets, 1)]
    states = states or ["visible"] * len(sheets)
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}" state="{state}" r:id="rId{at}"/>'
        for at, (name, state) in enumerate(zip(names, states, strict=True), 1)
    )
    linked = "".join(
        f'<Relationship Id="rId{at}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at, _ in enumerate(sheets, 1)
    )
    codes = [*FORMATS, *formats]
    formats = "".join(
        f'<numFmt numFmtId="{163 + at}" formatCode={quoteattr(code)}/>' for at, code in enumerate(codes) if code
    )
    styles = "".join(f'<xf numFmtId="{163 + at if code else 0}"/>' for at, code in enumerate(codes))
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        f'<workbookPr date1904="{int(since_1904)}"/><sheets>{listed}</sheets>'
        f"<calcPr {calculation}/></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{linked}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts><cellStyleXfs><xf numFmtId="14"/>'
        f"</cellStyleXfs><cellXfs>{styles}</cellXfs></styleSheet>",
    }
    parts |= {f"xl/worksheets/sheet{at}.xml": xml for at, xml in enumerate(sheets, 1)}
    if shared is not None:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    parts |= others
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in parts.items():
            archive.writestr(path, content)
    return packed.getvalue()
