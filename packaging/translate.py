"""Brings the translations up to date with the sources: `python packaging/translate.py`.

Collects every text that `app` translates, merges the texts into `resources/translations/*.ts` (what is translated
stays, what is gone goes), and makes of these the `.qm` files that the window loads. Says which texts are not
translated yet; they are translated in the `.ts` file, by hand or with Qt Linguist, and then this is run once more.

The texts are found with Python's own parser, because lupdate's does not know which context a function such as
`app.words.tr` stands for. lupdate then does the merging, from a list of plain calls.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import sysconfig
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "app"
FOLDER = ROOT / "resources" / "translations"
LANGUAGES = {"zh_CN": (), "en": ("-pluralonly",)}
"""Language to what lupdate is told of it. English needs its plurals alone: "1 layer", "2 layers"."""


@dataclass(frozen=True, order=True)
class Text:
    """A text of the sources.

    Attributes:
        context: What Qt looks it up under: the class, or the word that a module has chosen.
        source: The English text.
        plural: Whether it has a form for each number, `%n`.
    """

    context: str
    source: str
    plural: bool = False


class NotLiteral(Exception):
    """Texts are put together before they are translated, so that no translation of them can be found."""


def main() -> int:
    """Updates every translation.

    Returns:
        1 if a text has no translation, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the .ts files are")
    folder: Path = parser.parse_args().folder
    update(folder)
    missing = [(language, text) for language in LANGUAGES for text in unfinished(folder / f"kgui_{language}.ts")]
    for language, text in missing:
        print(f"{language}: {text.context}: {text.source!r} is not translated", file=sys.stderr)
    release(folder)
    return 1 if missing else 0


def update(folder: Path) -> None:
    """Merges what is in the sources into the `.ts` files of a folder, which are made where there are none."""
    found = sorted(collect(SOURCES))
    with tempfile.TemporaryDirectory() as temporary:
        listing = Path(temporary) / "texts.py"
        listing.write_text("".join(map(_call, found)), encoding="utf-8")
        for language, options in LANGUAGES.items():
            target = folder / f"kgui_{language}.ts"
            common = ("-silent", "-locations", "none", "-no-obsolete", "-sort-messages", "-source-language", "en")
            # A text that resembles another one is not that one: its translation would be a guess.
            exact = ("-disable-heuristic", "similartext", "-target-language", language)
            _run("pyside6-lupdate", *common, *exact, *options, str(listing), "-ts", str(target))


def release(folder: Path, target: Path | None = None) -> None:
    """Makes the `.qm` files, beside the `.ts` files or in another folder."""
    for language in LANGUAGES:
        made = (target or folder) / f"kgui_{language}.qm"
        _run("pyside6-lrelease", "-silent", str(folder / f"kgui_{language}.ts"), "-qm", str(made))


def messages(file: Path) -> Iterator[tuple[Text, list[str], bool]]:
    """Every message of a `.ts` file: text, translation (one for each plural form), and whether that is finished."""
    for context in ElementTree.parse(file).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            plural = message.get("numerus") == "yes"
            text = Text(context.findtext("name") or "", message.findtext("source") or "", plural)
            if translation is None:
                yield text, [], False
                continue
            forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
            yield text, forms, translation.get("type") is None and all(forms)


def unfinished(file: Path) -> list[Text]:
    """The texts of a `.ts` file that have no translation."""
    return [text for text, _, finished in messages(file) if not finished]


def collect(folder: Path) -> set[Text]:
    """Every text that the modules of a folder translate.

    Raises:
        NotLiteral: If some are put together before they are translated. The message says which.
    """
    trees = {_module(folder, path): ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")}
    words = {(name, word): context for name, tree in trees.items() for word, context in _words_of(tree).items()}
    found: set[Text] = set()
    wrong: list[str] = []
    for name, tree in trees.items():
        collector = _Collector(name, words, tree)
        collector.visit(tree)
        found |= collector.found
        wrong += collector.wrong
    if wrong:
        raise NotLiteral("\n".join(wrong))
    return found


class _Collector(ast.NodeVisitor):
    """Goes through one module.

    Args:
        module: Its dotted name.
        words: Module and name of each function that translates, to its context.
        tree: The module.
    """

    def __init__(self, module: str, words: Mapping[tuple[str, str], str], tree: ast.Module) -> None:
        self.found: set[Text] = set()
        self.wrong: list[str] = []
        self._module = module
        self._words = words
        self._classes: list[str] = []
        self._functions = {word: context for (owner, word), context in words.items() if owner == module}
        self._modules: dict[str, str] = {}
        self._markers = {"QT_TRANSLATE_NOOP"}
        for node in ast.walk(tree):
            self._note(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class is the context of `self.tr` in it."""
        self._classes.append(node.name)
        self.generic_visit(node)
        self._classes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        """Takes down a call that translates."""
        self.generic_visit(node)
        match node.func:
            case ast.Name(name) if name in self._markers:
                self._marked(node)
            case ast.Attribute(attr="translate", value=ast.Name("QCoreApplication")):
                self._marked(node)
            case ast.Name(name) if name in self._functions:
                self._add(node, self._functions[name], node.args)
            case ast.Attribute(attr=word, value=ast.Name(name)) if (self._modules.get(name, ""), word) in self._words:
                self._add(node, self._words[self._modules[name], word], node.args)
            case ast.Attribute(attr="tr", value=ast.Name("self")):
                self._add(node, self._classes[-1], node.args)
            case ast.Name("tr") | ast.Attribute(attr="tr"):
                self._complain(node, "it is not clear which context this is translated in")

    def _note(self, node: ast.AST) -> None:
        match node:
            case ast.ImportFrom(module=str(module)):
                for name in node.names:
                    known_as = name.asname or name.name
                    self._modules[known_as] = f"{module}.{name.name}"
                    if (module, name.name) in self._words:
                        self._functions[known_as] = self._words[module, name.name]
            case ast.Assign(targets=[ast.Name(alias)], value=ast.Name("QT_TRANSLATE_NOOP")):
                self._markers.add(alias)
            case ast.Assign(targets=[ast.Name(alias)], value=ast.Call(ast.Name("partial"), [function, context])) if (
                isinstance(function, ast.Attribute) and function.attr == "translate"
            ):
                self._functions[alias] = ast.literal_eval(context)

    def _marked(self, node: ast.Call) -> None:
        context, *rest = node.args
        if not (isinstance(context, ast.Constant) and isinstance(context.value, str)):
            self._complain(node, "the context is not written out")
        else:
            self._add(node, context.value, rest)

    def _add(self, node: ast.Call, context: str, arguments: list[ast.expr]) -> None:
        source = arguments[0] if arguments else None
        if isinstance(source, ast.Constant) and isinstance(source.value, str):
            # The form for numbers is chosen by the third argument, after the comment.
            self.found.add(Text(context, source.value, len(arguments) > 2))
        elif not isinstance(source, ast.Name | ast.Attribute | ast.Subscript):
            # What has a name was marked where it was written down. Everything else is put together on the spot.
            self._complain(node, "the text is put together before it is translated")

    def _complain(self, node: ast.Call, what: str) -> None:
        self.wrong.append(f"{self._module}, line {node.lineno}: {what}: {ast.unparse(node)}")


def _module(folder: Path, path: Path) -> str:
    parts = path.relative_to(folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _words_of(tree: ast.Module) -> dict[str, str]:
    """A module's own functions that pass a text on to `QCoreApplication.translate`, with the context of each."""
    found = {}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        match function.body[-1]:
            case ast.Return(ast.Call(ast.Attribute(attr="translate"), [ast.Constant(str(context)), ast.Name(), *_])):
                found[function.name] = context
    return found


def _call(text: Text) -> str:
    # As a method of a class: in other calls lupdate overlooks the number, unless there is a comment.
    count = ', "", count' if text.plural else ""
    return f"class {text.context}:\n    def text(self):\n        self.tr({_quoted(text.source)}{count})\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def _run(tool: str, *arguments: str) -> None:
    # Beside this Python: the one on the path may belong to another PySide.
    program = Path(sysconfig.get_path("scripts")) / tool
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True)
    if done.returncode or done.stderr.strip():
        raise SystemExit(f"{tool} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
