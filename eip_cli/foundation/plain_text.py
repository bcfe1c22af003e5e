"""Names and texts of others, such that they can be shown anywhere: in one line, and visible."""


def show_plainly(text: str) -> str:
    """``text`` with each sign that cannot be printed written as Python writes it: ``\\x1b``, ``\\u202e``.

    Control characters, among them those of terminals and of XML's forbidden range, line breaks, changes of
    writing direction and halves of surrogate pairs are such signs.
    """
    return "".join(char if char.isprintable() else escape_sign(char) for char in text)


def escape_sign(char: str) -> str:
    """One sign as an escape of Python's."""
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
