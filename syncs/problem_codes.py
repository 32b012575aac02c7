"""The catalogue of problems: what each code means, what causes it, what to do, and who has to act.

Programs distinguish problems by their codes, so a code is never renamed nor given another meaning.
"""

from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Who has to act. Data that the sender must correct fail again however often they are sent."""

    SENDER = "Whoever sends the data: correct them and send them again."
    ADMIN = "An owner or admin of the account."
    OPERATOR = "Whoever runs the platform."
    NOBODY = "Nobody has to; it is good to know."


SENDER, ADMIN, OPERATOR, NOBODY = Who


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """One entry: the code, its title, the cause, the remedy, and who acts."""

    code: str
    title: str
    cause: str
    remedy: str
    who: Who

    @property
    def is_permanent(self) -> bool:
        """Whether the same data would fail again."""
        return self.who is SENDER


_ENTRIES = {
    "Values": (
        ("required_empty", "A required value is empty", "The cell is blank, but every record of the kind needs the value; a record without its ERP key cannot be told from another.", "Fill the cell in.", SENDER),
        ("required_missing", "A new record lacks a required value", "The column is not in the file. Records that exist keep theirs; this one is new and has none.", "Add the column and fill it in.", SENDER),
        ("too_long", "A text is too long", "The text has more characters than the column holds; it is never cut off silently.", "Shorten the text.", SENDER),
        ("bad_number", "Not a number", "The cell holds words, a currency sign, thousands separators, a decimal comma, a percent sign, a bookkeeper’s minus or scientific notation.", "Write digits with a decimal point, like -1234.50.", SENDER),
        ("ambiguous_number", "A number that can be read two ways", "The cell has a point or a comma before its last three digits, as in 1.000 or 25,000, and the other cells of its column do not show that it begins the decimals.", "Write 1000 or 1, whichever is meant; or say in an import profile how the file writes numbers.", SENDER),
        ("number_too_large", "A number has too many digits", "There are more than 20 digits before the decimal point.", "Check the amount; a key or an account number may stand in the wrong column.", SENDER),
        ("too_many_decimals", "A number has too many decimal places", "There are more than 8 decimal places. Amounts are kept exactly, so none is rounded for you.", "Round the number to 8 places or fewer.", SENDER),
        ("bad_integer", "Not a whole number", "The column counts or numbers something, and the cell holds no whole number.", "Write digits only, like 12.", SENDER),
        ("out_of_range", "A number is out of range", "The number is smaller or greater than the column allows; the sentence names the limits.", "Use a number within the limits.", SENDER),
        ("bad_boolean", "Neither true nor false", "The cell holds another word than true, false, 1 or 0.", "Write true or false.", SENDER),
        ("bad_uuid", "Not a platform id", "The column takes an id that the platform gave out, and the cell holds something else.", "Give the id, or leave the cell empty and name the record by its ERP key.", SENDER),
        ("bad_date", "Not a date", "The date is written in a way that means different days in different countries, or is none.", "Write it as YYYY-MM-DD, like 2024-02-29.", SENDER),
        ("ambiguous_date", "A date that can be read two ways", "Another date of the column has the day before the month, like 2024-31-12, so that both numbers of this one may be its month.", "Write all dates as YYYY-MM-DD, like 2024-02-29.", SENDER),
        ("impossible_date", "A day that does not exist", "The calendar has no such day, like 30 February.", "Correct the date.", SENDER),
        ("impossible_time", "A time that does not exist", "The clock has no such time, or the date with its time zone lies outside all calendars.", "Correct the time.", SENDER),
        ("bad_time_zone", "An unknown time zone", "Behind the time stands the name of a zone, or an offset that no zone has.", "Write Z for UTC, or the hours from UTC, like +02:00.", SENDER),
        ("bad_json", "Not valid JSON", "The line or the value breaks off, holds NaN, is nested too deeply, or is no object.", "Correct it at the place that the sentence names, or export it again.", SENDER),
        ("nested_value", "An object where a text belongs", "The column takes one text, and the JSON has an object or a list there.", "Write the text that is meant, or null for none.", SENDER),
        ("nul_character", "A NUL character", "The text holds the character number 0, which belongs to no text; a faulty export leaves it.", "Remove it, or export the data again.", SENDER),
        ("invisible_character", "A character that cannot be seen", "A key or a reference holds a character that shows nothing, like U+200B; with it, it is another key than it seems.", "Remove the character that the sentence names.", SENDER),
        ("boolean_key", "True or false as a key", "JSON has true or false where a key belongs.", "Send the key as a text, in quotation marks.", SENDER),
        ("bad_encoding", "Bytes that are no text", "A byte is no UTF-8 text, and the file cannot be Windows-1252 either.", "Save the file as UTF-8, then send it again.", SENDER),
        ("cell_error", "A cell shows an error", "A formula in the sheet shows an error like #REF!, or was saved without its result.", "Correct the formula, save the workbook in your spreadsheet program, then send it again.", SENDER),
        ("unknown_text", "An unknown text", "The column tells records apart, and its text is none of those known. The lines were loaded as they are.", "Correct the text if it is a slip; else leave it.", NOBODY),
        ("key_from_number", "A number as a key", "JSON has a number with a decimal point or an exponent where a key belongs, like 123.0; its digits were read as the key, without zeroes at their end.", "Send keys as texts, in quotation marks.", NOBODY),
        ("key_changed_by_spreadsheet", "A key that a spreadsheet has changed", "A key looks like a number, a date, TRUE or FALSE which a spreadsheet makes of other texts: 1.23E+15, 123.0, 3-Mar. It was loaded as it is, and different keys may have become one.", "Compare it with the source. Format the column as text before keys are put into it.", NOBODY),
        ("unknown_currency", "No currency’s code", "The text is no code of ISO 4217, neither of a present nor of a former currency. It was loaded as it is.", "Write a code such as EUR.", NOBODY),
        ("currency_in_lower_case", "A currency’s code in small letters", "The code is written in small letters, like eur. It was read in capital letters.", "Nothing, if that is what you meant.", NOBODY),
        ("value_assumed", "A value was assumed", "The file has no currency rate or no amounts in base currency; a rate of 1 was assumed for new records.", "Add the columns if that is not right.", NOBODY),
    ),
    "Records and what they refer to": (
        ("reference_not_found", "A record that is referred to is missing", "The line names a record that is neither in the same input nor among those loaded before, or that was itself rejected.", "Load that record first or together with this one, or correct the key.", SENDER),
        ("reference_missing", "A required reference is missing", "The line does not say which record it belongs to.", "Add the column and fill it in.", SENDER),
        ("reference_disagrees", "Two references disagree", "The line names one record by ERP key and another by platform id.", "Correct one of them, or leave one empty.", SENDER),
        ("network_id_mismatch", "Platform id and key disagree", "The platform id belongs to another record than the ERP key.", "Leave networkId empty, or correct one of the two.", SENDER),
        ("unknown_kind", "An unknown kind of record", "The column must name a kind of record that can be referred to.", "Write one of the kinds that the sentence lists.", SENDER),
        ("applied_to_itself", "Applied to itself", "A credit memo is said to settle itself. No money moves so, and the balance would be wrong.", "Correct one of the two keys.", SENDER),
        ("self_reference", "A record above itself", "A company names itself as its parent, as some systems write “no parent”. It was loaded so.", "Leave the cell empty if there is nothing above it.", NOBODY),
        ("superseded", "A later line has the same key", "Two lines of the input have the same key; the last one counts.", "Remove the earlier line if it is a mistake.", NOBODY),
        ("left_as_it_is", "Left as it is", "The record exists already, and the line says to leave it then (onMatchAction 1).", "Nothing, if that is what you meant.", NOBODY),
        ("delete_not_asked_for", "A delete that was not asked for", "The line asks to delete its record (onMatchAction 2), and whoever sent the file did not say that its lines may delete.", "If the record is to be deleted, send the file again and say so (Lines may delete records; deleteOnMatch in the API); if not, write 0 or leave the cell empty.", SENDER),
        ("still_referenced", "Cannot be deleted yet", "The line asks to delete a record to which others still refer.", "Delete those first or together with it.", SENDER),
        ("kept_because_referenced", "Kept, because others refer to it", "A full data set no longer holds the record, or the source says that it is gone, but another record that stays refers to it.", "Remove the reference, or send the record again.", NOBODY),
        ("none_of_kind", "A source has none of a kind any more", "The connected system was read as a whole and has no record of a kind of which the books hold some. Often it may no longer be read, or the connector was changed, so nothing was deleted.", "See whether the connection may still read them, and whether they are chosen in its settings.", ADMIN),
        ("kept_because_incomplete", "Kept, because not all could be read", "A full data set lacks records that the books hold, but lines of it were rejected or a part of it was not read, so that it cannot be known whether they are gone.", "Correct what the sentence names, then send the full data set again.", SENDER),
    ),
    "Lines": (
        ("too_many_cells", "Too many cells", "The row has more cells than the header has columns, mostly because a value contains the separator.", "Put the value in quotation marks, or remove what is too much.", SENDER),
        ("too_few_cells", "Too few cells", "The row has a single cell: a title, a total or half a line.", "Remove the line, or fill it in.", SENDER),
        ("total_line", "A line of totals", "The line has a word like “Total” and, besides it, only numbers, so that it is no record.", "Remove the line from the file.", SENDER),
        ("other_delimiter", "Separated otherwise than the header", "Another mark separates the row’s cells than the header’s names.", "Separate both alike.", SENDER),
        ("rows_in_quotes", "Whole rows in quotation marks", "Each row stands in quotation marks as a whole, as if it were a single value. They were read as if the marks were not there.", "Nothing, if every value is in its column.", NOBODY),
        ("header_repeated", "The header stands there again", "The file has its header more than once, as after several exports were put together. It was passed over.", "Nothing.", NOBODY),
        ("other_header", "A second header with other names", "In the middle of the file stands a header with other names, so that what follows it has another meaning. Nothing from there on was loaded.", "Send the two parts as two files.", SENDER),
        ("cells_missing", "Rows end early", "Rows have fewer cells than the header has columns. What is not there was left as it is in the books.", "Export all columns if the values should be cleared.", NOBODY),
        ("line_cut_off", "The last line is cut off", "The file’s last line ends in the middle of a row.", "Export the file again, then send it again.", SENDER),
        ("stray_quote", "A stray quotation mark", "Text stands behind a closing quotation mark.", "Double every quotation mark inside a value, like \"6\"\" nails\".", SENDER),
        ("unclosed_quote", "A quotation mark is not closed", "A value opens with a quotation mark and ends too late or never, so that what follows may be no rows.", "Close it, or double it if it belongs to the value.", SENDER),
        ("row_too_long", "A row goes on over too many lines", "A value in quotation marks has more lines than are read of one row; often its quotation mark is not closed.", "Shorten the value, or close its quotation mark.", SENDER),
        ("line_too_long", "A line is too long", "The line is longer than the platform reads; often the file has no line breaks.", "Check the line breaks, and shorten the line.", SENDER),
        ("duplicate_member", "A member stands there twice", "A JSON object has two members of one name, and it cannot be known which is meant.", "Keep one of them.", SENDER),
    ),
    "Files": (
        ("too_many_members", "Too many different members", "The objects of a file or of a list have more different members than any kind of record, as where a value is written as the name of its member.", "Write the same members in each object.", SENDER),
        ("unknown_file", "Not a kind of record", "The file’s (or the list’s) name says which kind of record it holds, and no kind has that name.", "Name it after one, like invoices.csv or company.xlsx.", SENDER),
        ("unknown_format", "A kind of file that is not read", "The file is neither CSV, JSONL nor XLSX, or it is packed once more.", "Save it as “CSV UTF-8” or as “Excel workbook (.xlsx)”, and put it straight into the ZIP.", SENDER),
        ("not_text", "Not a text file", "The file is named like a text file but holds something else.", "Save it as “CSV UTF-8”, then send it again.", SENDER),
        ("other_format", "Another kind of file than its name says", "The file is named like CSV or JSON lines, but seems to hold something else: JSON, XML, a web page, CSV, bookings from DATEV.", "Give the file the ending of what it holds, or save it as “CSV UTF-8”; of DATEV, export invoices or open items.", SENDER),
        ("file_empty", "An empty file", "The file has no line.", "Nothing, if there is nothing to send.", NOBODY),
        ("file_without_rows", "A header without rows", "The file names its columns and holds no row.", "Nothing, if there is nothing to send.", NOBODY),
        ("header_missing", "The header is missing", "None of the first lines names a column that the kind of record has; the data may begin at once.", "Write the names of the columns into the first line.", SENDER),
        ("header_misplaced", "The header stands below rows", "The names of the columns stand further down, and the lines above them look like rows, as after sorting.", "Move the header into the first line.", SENDER),
        ("lines_above_header", "Lines above the header", "The names of the columns do not stand in the first line; titles above them were passed over.", "Nothing, if those lines are no rows.", NOBODY),
        ("wrong_delimiter", "Separated by another mark", "Neither a comma, a semicolon, a tab nor a vertical bar separates the cells, or the line “sep=” names another mark than the one that does.", "Save the file with commas, or name the mark in a first line like sep=^.", SENDER),
        ("header_unreadable", "The header cannot be read", "A quotation mark in the first line stands in a wrong place or is not closed.", "Correct the header.", SENDER),
        ("header_blank", "A column has no name", "The header leaves a column without a name, or names none at all.", "Name the column or remove it.", SENDER),
        ("header_duplicated", "A column stands there twice", "Two columns of the file have the same name.", "Keep one of them.", SENDER),
        ("column_twice", "Two columns for one value", "Two columns are two names of the same value; the first is used.", "Remove the other.", NOBODY),
        ("too_many_columns", "Too many columns", "The header names more than 1,000 columns.", "Remove those that are not needed.", SENDER),
        ("key_column_missing", "The key’s column is missing", "Without its key no record can be told from another, so none was loaded.", "Add the column.", SENDER),
        ("unknown_column", "An unknown column", "The kind of record has no such column; its values were not loaded.", "Correct the name if it is a slip; the sentence names the nearest.", NOBODY),
        ("legacy_column", "A column of former times", "Earlier versions had the column; its values are no longer kept.", "Leave it out, or leave it.", NOBODY),
        ("encoding_assumed", "Read as Windows-1252", "The file holds text that is not UTF-8, and reads well as Windows-1252.", "Look whether letters like ä and é are right; if not, save the file as “CSV UTF-8”.", NOBODY),
        ("file_truncated", "The file is cut off", "The file ends in the middle of a character.", "Export it again, then send it again.", SENDER),
        ("not_json_lines", "One JSON document, not JSON lines", "The file is one list or one object over several lines.", "Write one object on each line, without a list around them.", SENDER),
        ("not_a_list", "Not a list of records", "A member of the batch is not a list.", "Put the records into a list, or leave the member out.", SENDER),
        ("workbook_damaged", "The workbook cannot be read", "The file is no workbook that can be read, or it is damaged.", "Save it again as “Excel workbook (.xlsx)” or as “CSV UTF-8”.", SENDER),
        ("workbook_locked", "The workbook is locked or too old", "The workbook has a password, or is of a kind from before 2007.", "Save it as “Excel workbook (.xlsx)” without a password.", SENDER),
        ("workbook_too_big", "The workbook is too big", "The workbook holds more different texts than are read.", "Save the sheet as “CSV UTF-8”, then send that.", SENDER),
        ("sheets_not_read", "A sheet was not read", "A sheet holds something, but it is hidden, or it does not have the columns of the kind of record that its name or the file’s says. A full sync deletes nothing of that kind.", "Name the sheet after the kind of its records; remove a sheet that holds none.", SENDER),
        ("shown_otherwise", "A cell shows something else than was read", "A column of texts has numbers or dates which the sheet shows by a format that depends on the computer’s region or hides a part of the value.", "Format the column as text, and fill in what it should be.", SENDER),
        ("digits_lost", "Digits that a spreadsheet has lost", "A cell holds a number of more than 15 digits, of which spreadsheets keep only the first 15.", "Compare it with the original, and format the column as text before filling it in.", SENDER),
        ("formulas_not_calculated", "Results of formulas may be out of date", "The program that wrote the workbook did not calculate its formulas, and asks for it when the workbook is opened.", "Open the workbook in your spreadsheet program and save it.", SENDER),
        ("file_too_large", "The file is too large", "The file in the folder has more bytes than are read of one file.", "Split it into several.", SENDER),
        ("merged_cells", "Merged cells", "Of merged cells only the first holds a value; the others are empty.", "Unmerge the cells, and fill each of them in.", SENDER),
    ),
    "Import profiles": (
        ("profile_needed", "It is not known what the columns mean", "The file’s columns have other names than ours, and the enrollment has no import profile for it, or several.", "Say in the Inbox how the file is written, or send an import profile; then load the file again.", SENDER),
        ("stream_not_read", "A stream was not read", "A source offers several streams of records, and nothing says what this one holds: no import profile, nor its own name and columns. Or it was not looked at.", "Say on the page of the enrollment what the streams are, or name in its settings those that are to be read.", ADMIN),
        ("profile_contradicted", "The file does not fit its import profile", "The file is recognised by its columns, but a column that is used is missing, or it is written in another way: another encoding or separator, another decimal mark or order of day and month. Nothing was loaded.", "Export the file as before, or change the import profile.", SENDER),
        ("value_not_mapped", "A value that the import profile does not know", "The profile lists what the values of the column mean, and this one is not among them.", "Add the value to the profile, or correct the line.", SENDER),
        ("no_record_in_line", "The import profile takes the line for no record", "By the conditions of the profile the line is none of the records that the file holds.", "Correct the line, or add to the profile what such lines are.", SENDER),
        ("two_records_in_line", "The line would be two records of one key", "Two conditions of the import profile apply to the line, like an amount paid in and one paid out.", "Correct the line, so that one of them applies.", SENDER),
        ("debit_and_credit", "Debit and credit are both filled", "An amount stands in both columns, and the record has only one.", "Correct the line.", SENDER),
        ("currency_contradicted", "The amount names another currency", "The cell has another currency with its amount than the record is in.", "Correct the line, or take the currency from another column.", SENDER),
        ("group_differs", "Lines of one record disagree", "Several lines make up one record, and a value that they share differs among them.", "Correct one of the lines that the sentence names.", SENDER),
        ("group_incomplete", "A line of a record is missing", "Several lines make up one record or a group, and a line cannot be read or does not say to which it belongs; without it, sums and positions would be wrong.", "Correct the line that the sentence names, then send the file again.", SENDER),
        ("group_scattered", "Lines of one record stand far apart", "The file is so large that lines of one record must follow each other, and they do not.", "Sort the file by the number of the record.", SENDER),
        ("entry_unbalanced", "Debit and credit of an entry differ", "The lines of a journal entry must add up to as much debit as credit.", "Correct the lines of the entry.", SENDER),
        ("reference_ambiguous", "Several companies have the name", "The line names a company by its name, tax id or reference code, and more than one has it.", "Name the company by its key, or give the companies different names.", SENDER),
        ("lines_belong_together", "Lines that belong together came alone", "The file’s records are made of several lines each, so rejected lines cannot be loaded alone.", "Correct them in the file that was sent first, then send that again.", SENDER),
        ("lines_left_out", "Lines that are no records", "Titles, totals, footers or names of groups, by the import profile; totals only if their amounts are sums of lines above.", "Nothing, if those lines are no records.", NOBODY),
    ),
    "ZIP files": (
        ("zip_damaged", "The ZIP is damaged", "The file is no ZIP, breaks off, or holds other than what its directory says.", "Make the ZIP again, then send it again.", SENDER),
        ("zip_without_files", "Nothing to read in the ZIP", "The ZIP holds no CSV, JSONL or XLSX file that can be read.", "Put at least one into it.", SENDER),
        ("encrypted", "Locked with a password", "The file in the ZIP is encrypted.", "Make the ZIP without a password.", SENDER),
        ("unknown_compression", "Compressed in an unusual way", "The file in the ZIP is compressed by a method that is not read.", "Make the ZIP with the ordinary method (Deflate).", SENDER),
        ("zip_entries", "Too many files in the ZIP", "The ZIP holds more files than are read.", "Put fewer files into it.", SENDER),
        ("zip_too_big", "The ZIP unpacks to too much", "What the ZIP holds is more than is read of one upload.", "Split it into several uploads.", SENDER),
        ("zip_ratio", "The ZIP unpacks beyond measure", "The ZIP unpacks to many times its size, as no real data do.", "Send the files without the ZIP.", SENDER),
        ("zip_unlisted", "Something in the ZIP is not listed", "The file holds more than its own list of files names, such as another ZIP in front of it.", "Make the ZIP again, with all files in it.", SENDER),
        ("zip_overlapping", "Files in the ZIP overlap", "Files in the ZIP share their bytes, as no program that makes ZIP files does.", "Make the ZIP again.", SENDER),
    ),
    "The sync as a whole": (
        ("nothing_loaded", "Nothing could be loaded", "Every line was rejected, or no file could be read; the other problems say why.", "Correct what they name, then send the data again.", SENDER),
        ("reject_limit", "Too many lines were rejected", "More lines were rejected than the enrollment allows, so nothing was changed.", "Correct the lines, or raise the limit in the enrollment’s settings.", ADMIN),
        ("delete_guard", "Too much would be deleted", "The sync would delete more records than the enrollment allows, those that a full data set lacks and those that lines delete (onMatchAction 2), together with what was deleted in the last 24 hours, so nothing was changed.", "Send the whole data set, leave out lines that should not delete, or allow the deletes.", ADMIN),
        ("bad_setting", "A setting is wrong", "A setting of the enrollment has a value that its connector cannot use.", "Correct the setting.", ADMIN),
        ("source_unreadable", "The source cannot be read", "The connected system refuses, does not answer or breaks off; its answer is in the sentence.", "Look whether the connection and its credentials are good, then sync again.", ADMIN),
        ("source_disconnected", "Access to the source has ended", "The vendor of the connected system gives no access any more: it was ended there, or was not used for too long.", "Connect the enrollment again; until then its schedule rests.", ADMIN),
        ("upload_missing", "The upload is no longer there", "The uploaded file is gone from the upload storage.", "Upload it again.", ADMIN),
        ("database_busy", "The database had no room or no time", "The platform’s own database was short of space, or two pieces of work stood in each other’s way.", "Nothing at first: the sync is tried again. If it stays so, the database needs more space.", OPERATOR),
        ("database_gone", "The database was away", "The platform’s own database could not be reached, so that what had been read was lost. Nobody’s failure is counted.", "Nothing: the sync starts again by itself.", OPERATOR),
        ("storage_unavailable", "A disk is full or away", "A file of the platform’s could not be read or written.", "Nothing at first: the sync is tried again. If it stays so, the disk needs more space.", OPERATOR),
        ("worker_lost", "The worker was lost", "The machine that carried out the sync gave no sign of life any more. Nothing of the sync was kept.", "Nothing at first: another worker takes it up. If it stays so, look after the machines.", OPERATOR),
        ("worker_stopping", "The worker was told to stop", "The machine that carried out the sync was stopped in good order, and the sync could not end before. Nobody’s failure is counted.", "Nothing: another worker starts it again.", NOBODY),
        ("worker_stopped", "The worker stopped", "The process that carried out the sync ended in the middle of it, as when memory runs out. Nothing of the sync was kept.", "Nothing at first: the sync is tried once more.", OPERATOR),
        ("stopped_worker", "It stopped the worker twice", "Twice the process that carried out the sync ended in the middle of it, so it was set aside and harms no others.", "Send the data in smaller parts; the log says how the process ended.", OPERATOR),
        ("unknown_connector", "An unknown connector", "The application names a connector that this installation does not have.", "Install the connector, or correct the application.", OPERATOR),
        ("out_of_memory", "Not enough memory", "The sync needed more memory than the installation gives to one. Nothing was changed.", "Send the data in smaller parts; or have SYNC_MEMORY_MAX_BYTES raised.", OPERATOR),
        ("file_waits", "A file is not complete yet", "A file in the folder is still being written, or its marker is missing.", "Nothing at first: the next sync looks again. If it stays so, look at what writes the file or the marker.", NOBODY),
        ("file_not_moved", "A loaded file still lies in the folder", "A file that an earlier sync has read could not be moved, or the sync ended before. It is not read again.", "Nothing at first: it is moved after the sync. If it stays so, let the user move files there.", NOBODY),
        ("several_deliveries", "Several deliveries in one full sync", "The names of the files have different dates, so that what one of them lacks may be in another; nothing was deleted.", "Nothing. Deletes come with the next full sync that finds one delivery.", NOBODY),
        ("source_budget", "What a source allows is used up", "The connected system takes so many requests in a minute, in a day or at once, and those of all syncs together are as many.", "Wait: the sync is tried again when the source allows more.", NOBODY),
        ("our_fault", "A fault of the platform", "Something went wrong that the data did not cause. Nothing was changed; the reason is in the log.", "Try again; if it stays so, hand the sync’s reference to whoever runs the platform.", OPERATOR),
    ),
}  # fmt: skip

CHAPTERS = {chapter: tuple(ProblemCode(*entry) for entry in entries) for chapter, entries in _ENTRIES.items()}
CODES = {entry.code: entry for entries in CHAPTERS.values() for entry in entries}


def title_of(code: str) -> str:
    """A code's title; for a code that is no longer in the catalogue, the code as words."""
    return CODES[code].title if code in CODES else code.replace("_", " ").capitalize()
