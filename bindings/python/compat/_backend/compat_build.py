"""The build backend of the compatibility package: chaos_build, which refuses where another chaoschain_sdk is installed.

pip builds with the interpreter that it installs for, in an environment that hides what is installed. So a second
process of that interpreter, without what pip put around this one, says where it would import from.
"""

import json
import os
import re
import subprocess
import sys

import chaos_build
from chaos_build import (BuildError, get_requires_for_build_editable, get_requires_for_build_sdist,
                         get_requires_for_build_wheel)

_OWN = "chaoschain_tee_compat"
_PACKAGE = "chaoschain_sdk"
_MARK = "_compat.py"  # beside the package's __init__.py: the folder is this distribution's


def _import_path():
    code = "import sys, json; print(json.dumps(sys.path))"
    said = subprocess.run([sys.executable, "-E", "-c", code], stdout=subprocess.PIPE, check=True, cwd=os.path.sep).stdout
    return [folder for folder in json.loads(said) if folder and folder != os.path.sep and os.path.isdir(folder)]


def _other_sdk(folder):
    """What in this folder is, or leads to, a chaoschain_sdk that is not this distribution's; None: nothing."""
    for name in sorted(os.listdir(folder)):
        plain = re.sub(r"[-.]+", "_", name).lower()
        if plain.startswith(_OWN) or plain.startswith("__editable___" + _OWN):
            continue
        if re.match(r"(__editable___+)?chaoschain_sdk_.*(dist_info|egg_info|egg_link|pth|finder_py)$", plain) or \
                plain == "chaoschain_sdk_egg_link":
            return os.path.join(folder, name)
        if name in (_PACKAGE, _PACKAGE + ".py"):
            path = os.path.join(folder, name)
            if not os.path.exists(os.path.join(path, _MARK)):
                return path
    return None


def _refuse_beside_the_sdk():
    for folder in _import_path():
        found = _other_sdk(folder)
        if found is not None:
            raise BuildError(
                "ChaosChain's own SDK is installed here: %s\n"
                "chaoschain-tee-compat would take its import name, chaoschain_sdk, and does not. Import chaoschain_tee "
                "beside the SDK, or install this into an environment without it." % found)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    _refuse_beside_the_sdk()
    return chaos_build.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):
    _refuse_beside_the_sdk()
    return chaos_build.prepare_metadata_for_build_editable(metadata_directory, config_settings)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    _refuse_beside_the_sdk()
    return chaos_build.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    _refuse_beside_the_sdk()
    return chaos_build.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory, config_settings=None):
    raise BuildError("a source archive of this package would leave its check behind: install from the source tree")
