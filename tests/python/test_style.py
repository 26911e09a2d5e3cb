"""The layout of all Python files of the tree: no import that nobody uses, no line that is too long, no tab."""

import ast
import unittest

from support import ROOT

LONGEST = 130


def sources():
    for folder in ("bindings/python", "tests/python", "examples/python", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path


def imported(tree):
    """Names that imports bind, by line; those of `from x import *` and of __future__ are nobody's."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0], node.lineno


def used(tree):
    """Names that are read, and those that stand in a string: annotations, __all__."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from node.value.replace(".", " ").replace("[", " ").replace("]", " ").split()


class Style(unittest.TestCase):
    def test_files(self):
        paths = list(sources())
        self.assertGreater(len(paths), 20)
        for path in paths:
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
            with self.subTest(str(path.relative_to(ROOT))):
                self.assertTrue(ast.get_docstring(tree), "no docstring")
                for number, line in enumerate(text.splitlines(), 1):
                    self.assertLessEqual(len(line), LONGEST, "line %d" % number)
                    self.assertEqual(line, line.rstrip(), "line %d" % number)
                    self.assertNotIn("\t", line, "line %d" % number)
                names = set(used(tree))
                if path.name == "__init__.py" or path.parent.name == "_backend":
                    continue  # these pass on what they import
                unused = [(name, line) for name, line in imported(tree) if name not in names and name != "*"]
                self.assertEqual(unused, [])


if __name__ == "__main__":
    unittest.main()
