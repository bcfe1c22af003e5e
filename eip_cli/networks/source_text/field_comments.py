"""What comments in Python source say of receptive fields: ``# 32x32x64 RF: 5x5``, ``# receptive field - 5``.

The forms are those of public notebooks and scripts. What may be read in more than one way is not read.
"""

import io
import re
import tokenize
from dataclasses import dataclass

from eip_cli.networks.receptive_field.arithmetic import Pair

# A layer's own kernel ("local receptive field", LRF) and its input's field are other figures.
_KEY = r"(?<![A-Za-z])(?:receptive[\s_-]*fields?|G\.?R\.?F\.?|R\.?F\.?)(?![A-Za-z])"
_TIMES = "[xX*\N{MULTIPLICATION SIGN}]"
_NUMBER = rf"(\d+)(?:\s*{_TIMES}\s*(\d+))?(?![\d.]*\d|\s*%)"
_OTHER_BEFORE = re.compile(
    r"(?:\blocal|\bkernel'?s?|\binput|\bin|\bprevious|\bold|\bprev)[\s_]*$", re.IGNORECASE
)
_OTHER_AFTER = re.compile(r"[\s_]*(?:in|input|before)\b", re.IGNORECASE)
_SEPARATOR = r"(?:\s|_|size\b|out\b|after\b|now\b|is\b|of\b|becomes\b|[:=~≈>→(\[|–—-])*"  # noqa: RUF001
_STATED = re.compile(_SEPARATOR + _NUMBER + r"([^,;|#A-WYZa-wyz]*)", re.IGNORECASE)
_BEFORE = re.compile("(?<![\\dxX*.+-])(?<!\N{MULTIPLICATION SIGN})" + _NUMBER + r"\s*(?:px|pixels?)?\s*$")
_RESULT = re.compile(r"(?:->|=>|→|=)\s*" + _NUMBER)
_ARITHMETIC = re.compile(r"\s*(?:[+/*x]|-(?!>)|–)\s*[\d(]", re.IGNORECASE)  # noqa: RUF001


@dataclass(frozen=True)
class FieldComment:
    """A comment that states a receptive field: its line from 1, and height and width in pixels.

    ``is_alone`` where the line holds nothing else.
    """

    line: int
    size: Pair
    is_alone: bool


def find_field_comments(source: str) -> list[FieldComment]:
    """The comments of Python source that state a receptive field, in the order of their lines."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            size = read_field(token.string)
            if size is not None:
                found.append(FieldComment(token.start[0], size, not token.line[: token.start[1]].strip()))
    return found


def read_field(comment: str) -> Pair | None:
    """Height and width of the receptive field that ``comment`` states; None where it states none.

    Of a calculation (``RF = 5 + 2*2 = 9``) and of a change (``RF 5 -> 9``) it is the result.
    """
    keys = list(re.finditer(_KEY, comment, re.IGNORECASE))
    for key in keys:
        if _OTHER_BEFORE.search(comment[: key.start()]) or _OTHER_AFTER.match(comment[key.end() :]):
            continue
        stated = _STATED.match(comment, key.end())
        if stated is not None:
            is_range = re.match(r"\s*to\s+\d", comment[stated.end() :])
            return None if is_range else _read_result(stated)
    for key in keys:
        before = _BEFORE.search(comment[: key.start()])
        if before is not None:
            return _pair(before)
    return None


def _read_result(stated: re.Match[str]) -> Pair | None:
    rest = stated[3]
    results = list(_RESULT.finditer(rest))
    if results:
        return _pair(results[-1])
    return None if _ARITHMETIC.match(rest) and not re.match(rf"\s*{_TIMES}\s*\d", rest) else _pair(stated)


def _pair(match: re.Match[str]) -> Pair:
    return int(match[1]), int(match[2] or match[1])
