"""The text of a file's bytes, whatever common encoding it was saved in."""

from __future__ import annotations

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def decoded(content: bytes) -> str:
    """Text by byte order mark, else as UTF-8, else as what its bytes look like."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if wide := _wide_encoding(content):
        return content.decode(wide, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
    broken, other = text.count("\ufffd"), sum(not character.isascii() for character in text)
    return text if broken * 10 < other else content.decode(_legacy_encoding(content), "replace")


def _wide_encoding(content: bytes) -> str | None:
    """UTF-16 without a mark: commas, spaces and digits put NUL bytes at one parity only."""
    even, odd = content[::2].count(0), content[1::2].count(0)
    if max(even, odd) * 20 < len(content) or min(even, odd) * 20 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _legacy_encoding(content: bytes) -> str:
    """Western, Turkish, Arabic or Chinese, by how bytes above 127 follow one another.

    Western words hold single accented letters, Arabic and Chinese words run on in such bytes.
    """
    accented = _bytes_in(rb"[\x80-\xff]+", content)
    if (
        _bytes_in(rb"[\xc0-\xff]{3,}", content) * 20 <= accented
        and _bytes_in(rb"[\x80-\xff]{3,}", content) * 2 <= accented
    ):
        return "cp1254" if re.search("[ðýþÝÞÐ]", content.decode("cp1252", "replace")) else "cp1252"
    return "gb18030" if _is_chinese(content) else "cp1256"


def _bytes_in(runs: bytes, content: bytes) -> int:
    return sum(map(len, re.findall(runs, content)))


def _is_chinese(content: bytes) -> bool:
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    ideographs = sum("\u4e00" <= character <= "\u9fff" for character in text)
    if ideographs * 10 < 8 * sum(not character.isascii() for character in text):
        return False
    from charset_normalizer import from_bytes  # slow to import, seldom needed

    best = from_bytes(content[:65_536], cp_isolation=["cp1252", "cp1256", "gb18030"]).best()
    return best is not None and best.encoding == "gb18030"
