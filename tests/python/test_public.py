"""Every public name is documented, exported where it says, and used by a test."""

import importlib
import inspect
import pathlib
import pkgutil
import re
import unittest

import chaoschain_tee

HERE = pathlib.Path(__file__).parent


def public_modules():
    yield chaoschain_tee
    for info in pkgutil.walk_packages(chaoschain_tee.__path__, "chaoschain_tee."):
        if not any(part.startswith("_") for part in info.name.split(".")):
            yield importlib.import_module(info.name)


def public_names():
    """(module, name, object) of all that the public modules give out."""
    for module in public_modules():
        for name in getattr(module, "__all__", ()):
            yield module.__name__, name, getattr(module, name)


def members(cls):
    """The public members that a class of ours has by itself or from its own bases."""
    for name, value in inspect.getmembers(cls):
        owner = next((base for base in cls.__mro__ if name in base.__dict__), None)
        if not name.startswith("_") and owner is not None and owner.__module__.startswith("chaoschain_tee"):
            yield name, value


class Public(unittest.TestCase):
    def test_modules(self):
        self.assertGreater(len(list(public_modules())), 8)
        for module in public_modules():
            with self.subTest(module.__name__):
                self.assertTrue((module.__doc__ or "").strip())

    def test_documented(self):
        count = 0
        for module, name, value in public_names():
            with self.subTest("%s.%s" % (module, name)):
                count += 1
                if inspect.isclass(value) or inspect.isfunction(value):
                    self.assertTrue(_own_doc(value), "no docstring")
                if inspect.isclass(value):
                    for member, attribute in members(value):
                        self.assertTrue(_documents(value, member, attribute), "%s.%s: no docstring" % (name, member))
        self.assertGreater(count, 50)

    def test_fields_of_records_are_described(self):
        """Of dataclasses in the docstring, of named tuples by a text after each."""
        for module, name, value in public_names():
            if hasattr(value, "__dataclass_fields__"):
                for field in value.__dataclass_fields__:
                    if not field.startswith("_"):
                        self.assertRegex(value.__doc__, r"\b%s\b" % field, name)
            elif inspect.isclass(value) and issubclass(value, tuple):
                source = inspect.getsource(value)
                for field in value._fields:
                    self.assertRegex(source, r'    %s: [^\n]+\n    """' % field, "%s.%s" % (name, field))

    def test_every_public_name_is_used_by_a_test(self):
        text = "".join(path.read_text() for path in sorted(HERE.rglob("*.py")) if path.name != "test_public.py")
        for module, name, value in public_names():
            with self.subTest("%s.%s" % (module, name)):
                self.assertRegex(text, r"\b%s\b" % re.escape(name))
                if inspect.isclass(value):
                    for member, _ in members(value):
                        self.assertRegex(text, r"\.%s\b|\b%s=|\"%s\"" % (member, member, member),
                                         "%s.%s" % (name, member))

    def test_star_import(self):
        for module in public_modules():
            names = {}
            exec("from %s import *" % module.__name__, names)
            for name in getattr(module, "__all__", ()):
                self.assertIn(name, names)

    def test_the_documents_name_them(self):
        """README.md or docs/python.md speaks of each name of the package itself."""
        import os
        root = pathlib.Path(os.environ["SOURCE_ROOT"])
        text = (root / "docs/python.md").read_text() + (root / "bindings/python/README.md").read_text()
        for name in chaoschain_tee.__all__:
            self.assertRegex(text, r"\b%s\b" % name)


def _own_doc(value):
    return "" if value.__doc__ is None else value.__doc__.strip()


def _documents(cls, name, attribute):
    if callable(attribute) or isinstance(attribute, property):
        return bool(_own_doc(attribute))
    if name in getattr(cls, "_fields", ()) or name in getattr(cls, "__dataclass_fields__", ()):
        return True  # the test of records looks at these
    return bool(_own_doc(attribute))


if __name__ == "__main__":
    unittest.main()
