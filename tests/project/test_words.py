"""The language of the project: words that docstrings, messages and documents avoid, and sizes that files keep."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from support.documents import DOCUMENTS
from support.places import ROOT, TESTS

PACKAGE, DEPLOY, SCHEMAS = (Path(str(files(name))) for name in ("purgemap", "purgemap.deploy", "purgemap.schemas"))
SOURCES = sorted(PACKAGE.rglob("*.py"))
PAGE = sorted(file for file in (PACKAGE / "explorer/page").iterdir() if file.suffix in {".css", ".html", ".js"})
DATA = sorted(
    file
    for folder in (DEPLOY, SCHEMAS, ROOT / "config")
    for file in folder.rglob("*")
    if file.suffix in {".yaml", ".json", ".example"}
)

MAX_LINES = 250
MAX_TEST_NAME = 60
MIN_COMMENTS_PER_100_LINES = 4

# Each has a plain word: format, print or send; mean; fix; environment; anyone; "is not a"; valid; retry.
BANNED_WORDS = (
    r"\bt(ell|ells|old|elling)\b",
    r"\bstands? (for|here|there|in|before|beside|behind|last|first|under|twice|still)\b",
    r"\bmend(s|ed|ing)?\b",
    r"\bsurroundings\b",
    r"\bwhoever\b",
    r"\bhad better\b",
    r"\bby way of\b",
    r"\bas good as\b",
    r"\bis no (?!longer|more|such)\w+",
    r"\bunsound\b|\bsound (map|part|job)\b",
    r"\bgoes again\b|\bgo again\b",
    r"\bfares?\b",
    r"\bnobody\b",
    r"\bhopeless\b",
    r"\blikewise\b",
    r"\bwhat (nobody|nothing|somebody|people|becomes)\b",
    r"\bof which\b.*\bof that\b",
)
_BANNED = re.compile("|".join(f"(?:{words})" for words in BANNED_WORDS), re.IGNORECASE)

# Python 3.12 and later split f-strings into tokens of their own; before, an f-string holds its placeholders.
_F_STRING = re.compile(r"[a-z]*f[a-z]*[\"']", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_TEXT_TOKENS = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(source).readline)


def python_texts(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of comments and string literals, docstrings included, with their numbers."""
    for token in tokens(source):
        if token.type in _TEXT_TOKENS:
            text = _PLACEHOLDER.sub("{}", token.string) if _F_STRING.match(token.string) else token.string
            yield from enumerate(text.splitlines(), token.start[0])


def banned_words(file: Path) -> Iterator[str]:
    """Yield a line for each banned word of a file, with the file, the line and the word."""
    text = file.read_text()
    lines = python_texts(text) if file.suffix == ".py" else enumerate(text.splitlines(), 1)
    for number, line in lines:
        for match in _BANNED.finditer(line):
            yield f"{short_name(file)}:{number}: {match[0]}"


def short_name(file: Path) -> str:
    folder = next(folder for folder in (ROOT, PACKAGE.parent, file.parent) if file.is_relative_to(folder))
    return str(file.relative_to(folder))


def assert_no_banned_words(files: list[Path]) -> None:
    found = [word for file in files for word in banned_words(file)]
    assert found == [], "\n".join(found)


SAMPLE = '''\
told = 1


def f():
    """Say it.

    Mends it.
    """
    return f"{told} is no map"  # nobody
'''


def test_banned_words_are_found_in_python_texts(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(SAMPLE)
    assert list(banned_words(file)) == ["a.py:7: Mends", "a.py:9: is no map", "a.py:9: nobody"]


def test_banned_words_are_found_in_documents(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("It is no longer\nhopeless.\n")
    assert list(banned_words(document)) == ["a.md:2: hopeless"]


def test_sources_have_no_banned_words() -> None:
    assert_no_banned_words(SOURCES)


def test_page_has_no_banned_words() -> None:
    assert {file.suffix for file in PAGE} == {".css", ".html", ".js"}
    assert_no_banned_words(PAGE)


def test_schema_templates_and_maps_have_no_banned_words() -> None:
    assert len(DATA) >= 8
    assert_no_banned_words(DATA)


def test_documents_have_no_banned_words() -> None:
    assert_no_banned_words(list(DOCUMENTS))


def test_test_names_are_short() -> None:
    names = [
        f"{short_name(file)}: {node.name}"
        for file in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and len(node.name) > MAX_TEST_NAME
    ]
    assert names == [], "\n".join(names)


def test_class_names_are_unique() -> None:
    nodes = (node for file in SOURCES for node in ast.walk(ast.parse(file.read_text())))
    counts = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    assert {name: count for name, count in counts.items() if count > 1} == {}


def test_source_files_are_short() -> None:
    lengths = {short_name(file): len(file.read_text().splitlines()) for file in [*SOURCES, *PAGE]}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_sources_have_enough_comments() -> None:
    texts = [file.read_text() for file in SOURCES]
    comments = sum(token.type == tokenize.COMMENT for text in texts for token in tokens(text))
    lines = sum(bool(line.strip()) for text in texts for line in text.splitlines())
    assert 100 * comments / lines >= MIN_COMMENTS_PER_100_LINES
