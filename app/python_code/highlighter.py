"""The colours of Python code, as roles of the theme."""

from __future__ import annotations

import keyword
import re

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app.theme import theme

PLAIN, IN_STRING = 0, 1
_WORDS = "|".join(keyword.kwlist)
TOKENS = re.compile(
    r"(?P<comment>#.*)"
    r'|(?P<docstring>"""(?:[^"\\]|\\.|"(?!""))*(?:"""|$))'
    r"""|(?P<string>[rbf]{0,2}"(?:[^"\\]|\\.)*"?|[rbf]{0,2}'(?:[^'\\]|\\.)*'?)"""
    r"|(?P<decorator>^\s*@[\w.]+)"
    rf"|(?P<keyword>\b(?:{_WORDS})\b)"
    r"|(?P<number>\b\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?\b)"
    r"|(?P<argument>\b\w+(?==[^=]))"
    r"|(?P<call>\b\w+(?=\())"
)
"""What has a colour. The first that fits counts, so that a # within a string is no comment."""

ROLES = {
    "comment": "text_faint",
    "docstring": "good",
    "string": "good",
    "decorator": "warning",
    "keyword": "series/extra2",
    "number": "warning",
    "argument": "text_dim",
    "call": "accent",
}
STRONG = {"keyword"}
_DOCSTRING_END = re.compile(r'"""')


class PythonHighlighter(QSyntaxHighlighter):
    """Colours the code that kgui writes. Nothing of it is run or parsed."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.recolor()

    def recolor(self) -> None:
        """The theme is another one."""
        for name, role in ROLES.items():
            made = QTextCharFormat()
            made.setForeground(_color(role))
            if name in STRONG:
                made.setFontWeight(600)
            self._formats[name] = made
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Colours one line; a docstring may go on in the next one."""
        start = 0
        self.setCurrentBlockState(PLAIN)
        if self.previousBlockState() == IN_STRING:
            end = _DOCSTRING_END.search(text)
            start = end.end() if end is not None else len(text)
            self.setFormat(0, start, self._formats["docstring"])
            if end is None:
                self.setCurrentBlockState(IN_STRING)
                return
        for found in TOKENS.finditer(text, start):
            name = found.lastgroup or ""
            self.setFormat(found.start(), found.end() - found.start(), self._formats[name])
            token = found.group()
            if name == "docstring" and not (len(token) >= 6 and token.endswith('"""')):
                self.setCurrentBlockState(IN_STRING)


def _color(role: str) -> QColor:
    group, _, name = role.rpartition("/")
    return theme().series[name] if group else theme()[name]
