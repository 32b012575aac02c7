"""The names of months in six languages, in full and shortened, without accents.

English, German, French, Spanish, Dutch and Swedish.
"""

_BY_MONTH = """
january jan januar janner jaenner janvier janv enero ene januari
february feb februar fevrier fevr fev febrero februari
march mar marz maerz mrz mars marzo maart mrt
april apr avril avr abril abr
may mai mayo mei maj
june jun juni juin junio
july jul juli juillet juil julio
august aug aout agosto ago augustus augusti
september sep sept septembre septiembre set
october oct oktober okt octobre octubre
november nov novembre noviembre
december dec dezember dez decembre diciembre dic
"""

# By name: the number of the month. A name that several languages share is the same month in all of them.
MONTHS = {
    name: number for number, names in enumerate(_BY_MONTH.strip().splitlines(), start=1) for name in names.split()
}
