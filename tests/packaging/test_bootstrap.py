"""What the set-up says and does before anything is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "packaging" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_python_from_3_11_is_taken_and_others_refused(bootstrap, monkeypatch):
    for version in [(3, 11, 0), (3, 12, 4), (3, 13, 1)]:
        monkeypatch.setattr(sys, "version_info", version)
        bootstrap.check_python()
    for version in [(3, 10, 9), (3, 14, 0)]:
        monkeypatch.setattr(sys, "version_info", version)
        with pytest.raises(bootstrap.SetupError, match=r"needs Python 3\.11"):
            bootstrap.check_python()


def test_without_root_the_exact_command_is_said(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetupError, match=r"sudo apt-get install -y --no-install-recommends libegl1 libgl1$"):
        bootstrap.install_system_packages(["libegl1", "libgl1"], "libraries that Qt needs")


def test_missing_qt_libraries_are_named_by_package(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda venv: {"libEGL.so.1", "libxcb-cursor.so.0"})
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetupError, match="libegl1 libxcb-cursor0"):
        bootstrap.find_qt_libraries(ROOT / ".venv")


def test_ldd_finds_a_library_that_is_not_there(bootstrap, tmp_path):
    folder = tmp_path / "lib" / "python3.11" / "site-packages" / "PySide6"
    folder.mkdir(parents=True)
    source = tmp_path / "empty.c"
    source.write_text("int kgui_nowhere(void); int f(void) { return kgui_nowhere(); }")
    (tmp_path / "nowhere.c").write_text("int kgui_nowhere(void) { return 1; }")
    if not bootstrap.shutil.which("gcc"):
        pytest.skip("needs gcc to make a library")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", tmp_path / "libkgui-nowhere.so", tmp_path / "nowhere.c"], check=True
    )
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", folder / "QtCore.abi3.so", source, f"-L{tmp_path}", "-lkgui-nowhere"],
        check=True,
    )
    assert bootstrap.missing_libraries(tmp_path) == {"libkgui-nowhere.so"}


def test_the_lock_without_qt_has_no_qt(bootstrap):
    lock = bootstrap.leave_out(bootstrap.LOCK.read_text(), bootstrap.QT_PACKAGES).lower()
    names = {line.split("==")[0] for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    assert names.isdisjoint(bootstrap.QT_PACKAGES)
    assert {"tensorflow", "keras", "h5py", "pytest"} <= names


def test_the_lock_is_exact_and_keeps_clear_of_the_pyside_that_aborts(bootstrap):
    lines = [line for line in bootstrap.LOCK.read_text().splitlines() if line and line[0] not in " #"]
    assert all("==" in line for line in lines)
    pins = [line for line in lines if line.lower().startswith("pyside6-essentials==6.12") and "python" not in line]
    assert pins == []
    assert any(
        line.lower().startswith("pyside6-essentials==6.11") and "python_full_version < '3.12'" in line for line in lines
    )
