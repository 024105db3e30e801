"""A YAML file as plain values, with the line of each, and nothing resolved behind the author's back.

Every scalar stays the text that was written: an unquoted one is a `Plain`, so that a digit string given as a number is
noticed, not changed. Tags, merge keys, duplicate keys, alias bombs and oversized files are refused.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from meter_sim.scenario.error import ScenarioError, without_keys

GREATEST_BYTES = 1 << 20
"""A scenario file is at most 1 MiB; populations and profiles come from files of their own."""
GREATEST_VALUES = 200_000
"""Values in a scenario, aliases counted at each use."""
GREATEST_DEPTH = 40

Place = tuple[str | int, ...]
_SCALAR_TAG = "tag:yaml.org,2002:str"
_NULLS = ("", "~", "null", "Null", "NULL")


class Plain(str):
    """A scalar that was written without quotes."""

    __slots__ = ()


Value = dict[str, "Value"] | list["Value"] | str | None


@dataclass(slots=True)
class Source:
    """The values of a file and where each stands."""

    name: str
    tree: Value
    lines: dict[Place, int] = field(default_factory=dict)
    origins: dict[Place, str] = field(default_factory=dict)
    """Where values come from that do not stand at their place in the file: `--set meters.0.credit`."""

    def where(self, path: Place) -> str:
        """`file:line` of a path, or of the nearest part of it that stands in the file; or the origin of its value."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.origins:  # an option or override that made or replaced this part of the tree
                return self.origins[path[:length]]
            if path[:length] in self.lines:
                return f"{self.name}:{self.lines[path[:length]]}"
        return self.name

    def fault(self, path: Place, what: str) -> str:
        """One line that says where, and what is wrong there."""
        text = path_text(path)
        return f"{self.where(path)}: {without_keys(f'{text}: {what}' if text else what)}"

    def set(self, path: Place, origin: str) -> None:
        """Note that the value at this path comes from elsewhere, in place of what the file says there."""
        self.lines = {place: line for place, line in self.lines.items() if place[: len(path)] != path}
        self.origins = {place: told for place, told in self.origins.items() if place[: len(path)] != path}
        self.origins[path] = origin

    def without(self, keys: Collection[str]) -> "Source":
        """A copy of its own, without some keys of the top level."""
        tree = copied(self.tree)
        if isinstance(tree, dict):
            tree = {key: value for key, value in tree.items() if key not in keys}
        return Source(self.name, tree, dict(self.lines), dict(self.origins))


def copied(value: Value) -> Value:
    """A value whose mappings and lists are its own."""
    if isinstance(value, dict):
        return {key: copied(part) for key, part in value.items()}
    return [copied(part) for part in value] if isinstance(value, list) else value


def path_text(path: Place) -> str:
    """A path as a reader writes it: `timeline[3].expect`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


class _Loader(yaml.SafeLoader):
    """Composes nodes without resolving plain scalars to numbers, dates or booleans."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, object]]] = {}  # noqa: RUF012 (PyYAML's own attribute)


def read_source(path: Path) -> Source:
    """A file's values and lines. Raises ScenarioError."""
    name = str(path)
    try:
        data = bytes_of(path)
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ScenarioError(f"{name}:{line}: not UTF-8 text, save the file as UTF-8") from None
    return parse(text, name)


def bytes_of(path: Path) -> bytes:
    """The bytes of a file of sensible size. Raises OSError, and ValueError with the reason."""
    if path.exists() and not path.is_file():
        raise ValueError("it is no file")
    with path.open("rb") as file:
        data = file.read(GREATEST_BYTES + 1)
    if len(data) > GREATEST_BYTES:
        raise ValueError(f"the file has more than {GREATEST_BYTES} bytes")
    return data


def parse(text: str, name: str) -> Source:
    """The values and lines of a YAML text. Raises ScenarioError."""
    node = _composed(text, name)
    source = Source(name, None)
    if node is None:
        raise ScenarioError(f"{name}:1: the file is empty, a scenario is needed")
    source.tree = _Reader(source).value(node, (), 0)
    return source


def parse_set(text: str, where: str) -> Value:
    """The value of a `--set` option: a list or mapping in YAML's short form, else the text as it is.

    Raises ScenarioError, which begins with `where`.
    """
    if not text.startswith(("[", "{")):
        return None if text in _NULLS else str(text)
    try:
        node = _composed(text, where)
        return _unquoted(_Reader(Source(where, None)).value(node, (), 0)) if node is not None else None
    except ScenarioError as error:
        what = str(error).removeprefix(where).lstrip(":0123456789").strip()
        raise ScenarioError(f"{where}: {what}") from None


def _unquoted(value: Value) -> Value:
    """Values as if quoted: a shell takes quotes away, so digits from there are taken as they are."""
    if isinstance(value, dict):
        return {str(key): _unquoted(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_unquoted(part) for part in value]
    return None if value is None else str(value)


def _composed(text: str, name: str) -> yaml.Node | None:
    loader = None
    try:
        loader = _Loader(text)
        node: yaml.Node | None = loader.get_single_node()
        return node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        what = " ".join(part for part in (error.context, error.problem) if part)
        what = re.sub(r" '[^'<]{4,}'", "", what)  # a name from the file, which may be anything
        raise ScenarioError(f"{name}:{line}: not valid YAML: {what}") from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise ScenarioError(f"{name}:{line}: not valid YAML: a character that YAML does not allow") from None
    except RecursionError:
        raise ScenarioError(f"{name}: nested too deeply, at most {GREATEST_DEPTH} levels are allowed") from None
    finally:
        if loader is not None:
            loader.dispose()


class _Reader:
    """Turns nodes into values, noting lines and counting what aliases multiply."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._count = 0

    def value(self, node: yaml.Node, path: Place, depth: int) -> Value:
        line = node.start_mark.line + 1
        self._source.lines.setdefault(path, line)
        self._count += 1
        if self._count > GREATEST_VALUES:
            self._fail(line, path, f"more than {GREATEST_VALUES} values with all aliases resolved")
        if depth > GREATEST_DEPTH:
            self._fail(line, path, f"nested too deeply, at most {GREATEST_DEPTH} levels are allowed")
        if isinstance(node, yaml.MappingNode):
            self._check_tag(node, "tag:yaml.org,2002:map", path)
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node, "tag:yaml.org,2002:seq", path)
            return [self.value(part, (*path, place), depth + 1) for place, part in enumerate(node.value)]
        self._check_tag(node, _SCALAR_TAG, path)
        text = str(node.value)
        if getattr(node, "style", None) is not None:
            return text
        return None if text in _NULLS else Plain(text)

    def _mapping(self, node: yaml.MappingNode, path: Place, depth: int) -> Value:
        values: dict[str, Value] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._fail(line, path, "a key must be a text")
            self._check_tag(key_node, _SCALAR_TAG, path)
            key = key_node.value if key_node.style is not None else Plain(key_node.value)
            if key == "<<":
                self._fail(line, path, "merge keys (<<) are not read, write the keys out")
            if key in values:
                self._fail(line, (*path, str(key)), "the key stands here twice, once is allowed")
            self._source.lines[(*path, str(key))] = line
            values[key] = self.value(value_node, (*path, str(key)), depth + 1)
        return values

    def _check_tag(self, node: yaml.Node, plain: str, path: Place) -> None:
        if node.tag != plain:
            self._fail(node.start_mark.line + 1, path, "a tag is not allowed, write plain values")

    def _fail(self, line: int, path: Place, what: str) -> None:
        where = path_text(path)
        raise ScenarioError(f"{self._source.name}:{line}: {without_keys(f'{where}: {what}' if where else what)}")
