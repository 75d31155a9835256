"""Builds the wheel: a PEP 517 backend that needs nothing but Python.

The version is that of the API. With the variable TETHER_BUNDLE, the path of a build directory of tether, the wheel has the
library and the monitor in it, and is for this kind of machine only.
"""
import base64
import hashlib
import io
import json
import os
import pathlib
import sys
import sysconfig
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE / "src/tether"
SOURCES = ("*.py", "*.pyi", "api.json", "py.typed")


def version():
    constants = json.loads((PACKAGE / "api.json").read_text(encoding="utf-8"))["constants"]
    return ".".join(str(constants["TETHER_VERSION_" + part]) for part in ("MAJOR", "MINOR", "PATCH"))


def metadata():
    return ("Metadata-Version: 2.1\nName: tether\nVersion: %s\nSummary: Commands as tasks that outlive the process which started them\n"
            "License: MIT\nRequires-Python: >=3.9\nDescription-Content-Type: text/markdown\n\n%s"
            % (version(), (HERE / "README.md").read_text(encoding="utf-8")))


def modules():
    return {"tether/" + path.name: path.read_bytes() for pattern in SOURCES for path in sorted(PACKAGE.glob(pattern))}


def bundled():
    """The files of a build of tether, by their names in the wheel."""
    folder = os.environ.get("TETHER_BUNDLE")
    if not folder:
        return {}
    names = {"win32": ["tether.dll", "libtether.dll", "tether-monitor.exe"],
             "darwin": ["libtether.0.dylib", "tether-monitor"]}.get(sys.platform, ["libtether.so.0", "tether-monitor"])
    found = {"tether/" + name: (pathlib.Path(folder) / name).read_bytes() for name in names if (pathlib.Path(folder) / name).exists()}
    if not any("libtether" in name or name.endswith(".dll") for name in found):
        raise SystemExit("TETHER_BUNDLE=%s has no library of tether: build it there first (cmake --build)" % folder)
    return found


def digest(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def write_wheel(directory, files, tag):
    name = "tether-%s-%s.whl" % (version(), tag)
    info = "tether-%s.dist-info/" % version()
    files = dict(files)
    files[info + "METADATA"] = metadata().encode("utf-8")
    files[info + "WHEEL"] = ("Wheel-Version: 1.0\nGenerator: tether\nRoot-Is-Purelib: %s\nTag: %s\n" % (
        "true" if tag.endswith("any") else "false", tag)).encode()
    record = "".join("%s,%s,%d\n" % (path, digest(data), len(data)) for path, data in files.items())
    files[info + "RECORD"] = (record + info + "RECORD,,\n").encode()
    with zipfile.ZipFile(os.path.join(directory, name), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if path.endswith("tether-monitor") else 0o100644) << 16
            archive.writestr(entry, data)
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    extra = bundled()
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return write_wheel(wheel_directory, {**modules(), **extra}, "py3-none-" + (platform if extra else "any"))


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return write_wheel(wheel_directory, {"tether.pth": (str(HERE / "src") + "\n").encode()}, "py3-none-any")


def build_sdist(sdist_directory, config_settings=None):
    base = "tether-" + version()
    with tarfile.open(os.path.join(sdist_directory, base + ".tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        files = {"src/" + path: data for path, data in modules().items()}
        for name in ("pyproject.toml", "backend.py", "README.md"):
            files[name] = (HERE / name).read_bytes()
        files["PKG-INFO"] = metadata().encode("utf-8")
        for path, data in files.items():
            entry = tarfile.TarInfo(base + "/" + path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return base + ".tar.gz"


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_sdist = get_requires_for_build_editable = get_requires_for_build_wheel
