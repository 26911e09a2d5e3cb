"""The build backend of the Python distributions: a wheel, an editable wheel or a source archive, with nothing but the
standard library, so that `pip install` needs no index.

What it builds stands in the pyproject.toml beside it: the `[project]` table, and

    [tool.chaos-build]
    packages = ["NAME", ...]    folders that are installed
    library = "carried"         a wheel carries libchaoschain, its helper and its plug-ins; leave the line out for a
                                distribution of Python files alone

A distribution in a folder of this one (compat/) uses this file too. A backend must lie inside the tree that it builds,
so compat/_backend/chaos_build.py is a few lines that load this file.

Which library a wheel carries, the first that there is:
    $CHAOS_LIBRARY          a file or a folder that holds libchaoschain.so; "system": carry none
    ../../build/lib         of the source tree, after `make build`
    ../../../lib            of the prefix, where `make install` has put these sources
    the system's            carried by nobody; found again at run time
Config setting `providers=NAME,NAME` (or `none`) chooses the plug-ins that are carried; all that were built otherwise.
"""

import base64
import csv
import ctypes
import hashlib
import io
import json
import os
import re
import sysconfig
import tarfile
import time
import zipfile

_RECORD_NAME = "chaos_install.json"
_HELPERS = ("chaoschain-probe",)


class BuildError(Exception):
    """What keeps the distribution from being built, in words for whoever typed `pip install`."""


# ---------------------------------------------------------------- pyproject.toml ----


def _read_value(text, where):
    if re.fullmatch(r'"[^"\\]*"', text):
        return text[1:-1]
    if re.fullmatch(r'\[\s*("[^"\\]*"\s*(,\s*"[^"\\]*"\s*)*,?\s*)?\]', text):
        return re.findall(r'"([^"\\]*)"', text)
    raise BuildError("%s: this backend reads strings and lists of strings on one line, not %s" % (where, text))


def read_project(path):
    """The tables of a pyproject.toml of strings and lists of strings (tomllib came with Python 3.11 only)."""
    tables, table = {}, None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            where = "%s:%d" % (path, number)
            heading = re.fullmatch(r"\[([A-Za-z0-9_.-]+)\]", line)
            entry = re.fullmatch(r"([A-Za-z0-9_-]+)\s*=\s*(.*)", line)
            if not line or line.startswith("#"):
                continue
            if heading:
                table = tables.setdefault(heading.group(1), {})
            elif entry and table is not None and entry.group(1) not in table:
                table[entry.group(1)] = _read_value(entry.group(2), where)
            else:
                raise BuildError("%s: not understood: %s" % (where, line))
    return tables


class Project:
    """One distribution: its pyproject.toml, and where it lies. Hooks run in its folder (PEP 517)."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        tables = read_project(os.path.join(self.folder, "pyproject.toml"))
        self.metadata = tables["project"]
        settings = tables["tool.chaos-build"]
        self.packages = settings["packages"]
        self.carries = settings.get("library") == "carried"
        self.name = self.metadata["name"]
        self.version = self.metadata["version"]
        self.file_name = "%s-%s" % (re.sub(r"[-_.]+", "_", self.name), self.version)
        self.dist_info = self.file_name + ".dist-info"

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def license(self):
        """The licence's text: beside this distribution, or the tree's, above it; no copy goes out without it."""
        for folder in (".", "..", "../..", "../../.."):
            path = os.path.join(self.folder, folder, "LICENSE")
            if os.path.exists(path):
                return _read_file(path)
        raise BuildError("the file LICENSE is missing: it was beside these sources, or at the top of their tree")

    def metadata_text(self):
        m = self.metadata
        lines = ["Metadata-Version: 2.1", "Name: " + self.name, "Version: " + self.version,
                 "Summary: " + m["description"], "License: " + m["license"],
                 "License-File: LICENSE",
                 "Requires-Python: " + m["requires-python"]]
        lines += ["Classifier: " + text for text in m.get("classifiers", [])]
        lines += ["Requires-Dist: " + text for text in m.get("dependencies", [])]
        lines += ["Description-Content-Type: text/markdown", "", self.read(m["readme"]).decode("utf-8")]
        return "\n".join(lines)

    def package_files(self):
        """Name in the wheel and path, sorted: the packages without what Python itself writes there."""
        found = []
        for package in self.packages:
            for folder, folders, names in os.walk(os.path.join(self.folder, package)):
                folders[:] = sorted(name for name in folders if name != "__pycache__")
                for name in sorted(names):
                    path = os.path.join(folder, name)
                    if not name.endswith((".pyc", ".pyo", "~")):
                        found.append((os.path.relpath(path, self.folder), path))
        if not found:
            raise BuildError("no files in %s" % ", ".join(self.packages))
        return found


# ------------------------------------------------------------------------ library ----


def _library_in(path):
    """The file that `path` names, or the library in the folder that it names."""
    if os.path.isdir(path):
        for name in ("libchaoschain.so", "libchaoschain.so.0"):
            if os.path.exists(os.path.join(path, name)):
                return os.path.join(path, name)
        return None
    return path if os.path.exists(path) else None


def _system_has_library():
    try:
        ctypes.CDLL("libchaoschain.so.0")
    except OSError:
        return False
    return True


def _places(folder):
    """Where the library is that belongs to these sources: built beside them, or installed below the same prefix."""
    yield os.path.join(folder, "..", "..", "build", "lib")
    if os.path.basename(os.path.dirname(folder)) == "chaoschain":  # PREFIX/share/chaoschain/python
        for name in ("lib64", os.path.join("lib", sysconfig.get_config_var("MULTIARCH") or ""), "lib"):
            yield os.path.join(folder, "..", "..", "..", name)


def find_library(folder):
    """The library to carry, or None for the system's."""
    chosen = os.environ.get("CHAOS_LIBRARY", "")
    if chosen == "system":
        return None
    if chosen and not os.path.isabs(chosen):
        raise BuildError("CHAOS_LIBRARY=%s: write an absolute path, as pip builds in another folder" % chosen)
    if chosen:
        library = _library_in(chosen)
        if library is None:
            raise BuildError("CHAOS_LIBRARY=%s: there is no libchaoschain.so" % chosen)
        return os.path.realpath(library)
    for place in _places(folder):
        library = _library_in(place)
        if library is not None:
            return os.path.realpath(library)
    if _system_has_library():
        return None
    raise BuildError(
        "There is no libchaoschain to build on: none in the build folder of the source tree, none installed.\n"
        "Build it with: make build  (in the source tree), or name it: CHAOS_LIBRARY=/path/to/libchaoschain.so")


def _first_that_exists(folder, candidates):
    for candidate in candidates:
        path = os.path.normpath(os.path.join(folder, candidate))
        if os.path.exists(path):
            return path
    return None


def _chosen_plugins(folder, settings):
    """The plug-ins beside the library, as the config setting `providers` chooses."""
    there = {}
    for name in sorted(os.listdir(folder)) if folder else []:
        match = re.fullmatch(r"chaoschain-provider-([a-z0-9-]+)\.so", name)
        if match:
            there[match.group(1)] = os.path.join(folder, name)
    wanted = (settings or {}).get("providers", "all")
    if wanted == "all":
        return there
    names = [] if wanted == "none" else wanted.split(",")
    for name in names:
        if name not in there:
            raise BuildError("providers=%s: there is no plug-in %s; there are: %s" %
                             (wanted, name, ", ".join(there) or "none"))
    return {name: there[name] for name in names}


def carried_files(library, settings):
    """The library and what it looks for beside itself: (name below _lib/, path, executable)."""
    folder = os.path.dirname(library)
    files = [("libchaoschain.so", library, True)]
    for name in _HELPERS:
        path = _first_that_exists(folder, ("../libexec/chaoschain/" + name, name, "../../libexec/chaoschain/" + name))
        if path is None:
            raise BuildError("%s: the helper %s is not beside it" % (library, name))
        files.append((name, path, True))
    plugins = _first_that_exists(folder, ("chaoschain/providers",))
    for name, path in _chosen_plugins(plugins, settings).items():
        files.append(("chaoschain/providers/chaoschain-provider-%s.so" % name, path, False))
    return files


# -------------------------------------------------------------------------- wheel ----


def _timestamp():
    moment = max(int(os.environ.get("SOURCE_DATE_EPOCH", "315532800")), 315532800)
    return time.gmtime(moment)[:6]


class _Wheel:
    """A zip archive that remembers what RECORD has to say."""

    def __init__(self, path):
        self.archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self.rows = []

    def add(self, name, content, executable=False):
        info = zipfile.ZipInfo(name.replace(os.sep, "/"), _timestamp())
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = (0o100755 if executable else 0o100644) << 16
        self.archive.writestr(info, content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
        self.rows.append((info.filename, "sha256=" + digest, str(len(content))))

    def close(self, dist_info):
        text = io.StringIO()
        record = dist_info + "/RECORD"
        csv.writer(text, lineterminator="\n").writerows(self.rows + [(record, "", "")])
        info = zipfile.ZipInfo(record, _timestamp())
        info.external_attr = 0o100644 << 16
        self.archive.writestr(info, text.getvalue())
        self.archive.close()


def _tag(has_library):
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform()) if has_library else "any"
    return "py3-none-" + platform


def _wheel_text(tag):
    return "Wheel-Version: 1.0\nGenerator: chaos_build (0.1)\nRoot-Is-Purelib: %s\nTag: %s\n" % (
        "true" if tag.endswith("-any") else "false", tag)


def _install_record(project, library, editable):
    record = {"library": "system", "source": project.folder}
    if library is not None:
        record["library"] = library if editable else "carried"
        record["carried_from"] = library
    return json.dumps(record, sort_keys=True) + "\n"


def _read_file(path):
    with open(path, "rb") as file:
        return file.read()


def _build(directory, settings, editable):
    project = Project(os.getcwd())
    library = find_library(project.folder) if project.carries else None
    carried = [] if library is None or editable else carried_files(library, settings)
    tag = _tag(bool(carried))
    name = "%s-%s.whl" % (project.file_name, tag)
    wheel = _Wheel(os.path.join(directory, name))
    if editable:
        wheel.add("__editable__.%s.pth" % project.file_name, (project.folder + "\n").encode("utf-8"))
    else:
        for inside, path in project.package_files():
            wheel.add(inside, _read_file(path))
    for inside, path, executable in carried:
        wheel.add("%s/_lib/%s" % (project.packages[0], inside), _read_file(path), executable)
    for inside, text in _dist_info(project, tag):
        wheel.add("%s/%s" % (project.dist_info, inside), text.encode("utf-8"))
    if project.carries:
        wheel.add("%s/%s" % (project.dist_info, _RECORD_NAME),
                  _install_record(project, library, editable).encode("utf-8"))
    wheel.close(project.dist_info)
    return name


def _dist_info(project, tag):
    return (("METADATA", project.metadata_text()), ("WHEEL", _wheel_text(tag)),
            ("LICENSE", project.license().decode("utf-8")))


# -------------------------------------------------------------------- PEP 517, 660 ----


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_editable = get_requires_for_build_sdist = get_requires_for_build_wheel


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    project = Project(os.getcwd())
    os.makedirs(os.path.join(metadata_directory, project.dist_info))
    for name, text in _dist_info(project, _tag(project.carries)):
        with open(os.path.join(metadata_directory, project.dist_info, name), "w", encoding="utf-8") as file:
            file.write(text)
    return project.dist_info


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(wheel_directory, config_settings, editable=False)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(wheel_directory, config_settings, editable=True)


def build_sdist(sdist_directory, config_settings=None):
    project = Project(os.getcwd())
    name = project.file_name + ".tar.gz"
    files = [(inside, _read_file(path)) for inside, path in project.package_files()]
    files += [(inside, project.read(inside)) for inside in ("pyproject.toml", project.metadata["readme"])]
    files.append(("LICENSE", project.license()))
    files.append(("PKG-INFO", project.metadata_text().encode("utf-8")))
    files.append(("_backend/chaos_build.py", _read_file(os.path.abspath(__file__))))
    with tarfile.open(os.path.join(sdist_directory, name), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for inside, content in sorted(files):
            info = tarfile.TarInfo("%s/%s" % (project.file_name, inside))
            info.size, info.mode = len(content), 0o644
            info.mtime = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))
            archive.addfile(info, io.BytesIO(content))
    return name
