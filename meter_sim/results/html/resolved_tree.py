"""A resolved scenario as a tree of texts, as a report reads it. Vending keys stay out of it."""

import yaml

Tree = dict[str, "Tree | str | list[Tree | str]"]
"""Values by name; every scalar is the text of the file."""
Node = Tree | str | list[Tree | str]


def tree_of(text: str) -> Tree:
    """The tree of a resolved scenario, without the values of vending keys and without its tables of draws."""
    read = yaml.load(text, Loader=yaml.BaseLoader)
    tree: Tree = {name: value for name, value in read.items() if name != "tables"} if isinstance(read, dict) else {}
    for _, key in vending_keys(tree):
        key.pop("key", None)
    return tree


def vending_keys(tree: Tree) -> list[tuple[str, Tree]]:
    """Each vending key with its supply group."""
    return [
        (group, key)
        for group, values in below(tree, "supply_groups").items()
        for key in trees(values if isinstance(values, dict) else {}, "vending_keys")
    ]


def below(tree: Tree, *names: str) -> Tree:
    """The part that these names lead to; nothing where it is not there."""
    for name in names:
        part = tree.get(name)
        tree = part if isinstance(part, dict) else {}
    return tree


def trees(tree: Tree, name: str) -> list[Tree]:
    """A list of parts, or one part alone; none where it is not there."""
    value = tree.get(name)
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, dict)]


def text_at(tree: Tree, *names: str) -> str:
    """The text that these names lead to; empty where it is not there."""
    value = below(tree, *names[:-1]).get(names[-1])
    return "" if value is None else words(value)


def words(value: Node) -> str:
    """A value as words: `lognormal, median 8 kWh, sigma 0.5`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(words, value))
    parts = []
    for name, inner in value.items():
        if name == "constant":
            parts.append(words(inner))
        elif isinstance(inner, dict):
            parts.append(f"{name.replace('_', ' ')}: {words(inner)}" if inner else "")
        elif inner or isinstance(inner, str):
            parts.append(f"{name.replace('_', ' ')} {words(inner)}")
    return ", ".join(part for part in parts if part)


def phases(tree: Tree) -> list[tuple[str, Tree]]:
    """Each phase of the programme with its area."""
    areas = below(tree, "programme", "phases")
    return [(area, phase) for area in areas for phase in trees(areas, area)]
