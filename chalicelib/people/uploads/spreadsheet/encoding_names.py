"""The encodings of texts that are read, by their names."""

import codecs

# By Python's name, the one by which people find it. In the order in which they are likely where nothing else tells.
LABELS = {
    "utf-8": "UTF-8",
    "cp1252": "windows-1252",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1254": "windows-1254",
    "cp1253": "windows-1253",
    "cp1257": "windows-1257",
    "cp1255": "windows-1255",
    "cp1256": "windows-1256",
    "cp1258": "windows-1258",
    "cp932": "Shift_JIS",
    "gb18030": "GB18030",
    "cp949": "EUC-KR",
    "cp950": "Big5",
    "euc_jp": "EUC-JP",
    "cp874": "windows-874",
    "mac-roman": "macintosh",
    "koi8-r": "KOI8-R",
    "cp850": "IBM850",
    "cp852": "IBM852",
    "cp866": "IBM866",
    "iso8859-2": "ISO-8859-2",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32-le": "UTF-32LE",
    "utf-32-be": "UTF-32BE",
}
# What is said of a file is often the smaller set, and what is written the larger one (as browsers take it, too).
_LARGER = {
    "iso8859-1": "cp1252",
    "iso8859-15": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "big5": "cp950",
    "cp437": "cp850",
}


_BY_LABEL = {label.casefold(): name for name, label in LABELS.items()}


def encoding_named(name: str) -> str | None:
    """Python's name of an encoding that is read here, by any of its names."""
    if name.strip().casefold() in _BY_LABEL:
        return _BY_LABEL[name.strip().casefold()]
    try:
        found = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        return None
    found = _LARGER.get(found, found)
    return found if found in LABELS else None
