"""Zip archives that play tricks: named as risks, read by the central directory alone, never unpacked to the disk."""

import json
import struct
import zipfile

import pytest

import kgui
from kgui.errors import FileError, LimitError
from kgui.formats.archive import Archive

CONFIG = json.dumps({"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": []}})


def write(path, *members, packed=False):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def kinds(path):
    return [risk.kind for risk in Archive(path).risks]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_members_are_named_and_the_last_one_counts(tmp_path):
    path = write(tmp_path / "x.keras", ("config.json", "{}"), ("config.json", CONFIG))
    assert kinds(path) == ["duplicate-member"]
    with kgui.open_model(path) as opened:
        assert opened.model.kind == "sequential"
        assert "duplicate-member" in [risk.kind for risk in opened.risks]


@pytest.mark.parametrize("name", ["../evil", "/etc/x", "C:/x", "a/../../x", "..\\x"])
def test_names_that_lead_outside(tmp_path, name):
    path = write(tmp_path / "x.keras", ("config.json", CONFIG), (name, "x"))
    assert "member-name" in kinds(path)
    kgui.open_model(path).close()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["x.keras"]


def test_bomb_is_stopped_while_it_is_unpacked(tmp_path):
    path = write(tmp_path / "x.keras", ("config.json", b" " * (80 << 20)), packed=True)
    assert kinds(path) == ["decompression-bomb"]
    with pytest.raises(LimitError, match=r"config\.json"):
        kgui.open_model(path)


def test_bomb_that_states_a_small_size_is_stopped_too(tmp_path):
    path = write(tmp_path / "x.keras", ("config.json", b" " * (80 << 20)), packed=True)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<L", 100)
    path.write_bytes(data)
    with pytest.raises(LimitError):
        kgui.open_model(path)


def test_encrypted_member(tmp_path):
    path = write(tmp_path / "x.keras", ("config.json", CONFIG))
    data = bytearray(path.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert kinds(path) == ["odd-member"]
    with pytest.raises(FileError, match="encrypted"):
        kgui.open_model(path)


def test_symbolic_link_and_nested_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as archive:
        archive.writestr("config.json", CONFIG)
        link = zipfile.ZipInfo("assets/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("assets/inner.zip", "x")
    assert kinds(tmp_path / "x.keras") == ["odd-member", "odd-member"]


def test_damaged_bytes_of_a_member(tmp_path):
    path = write(tmp_path / "x.keras", ("config.json", CONFIG))
    data = bytearray(path.read_bytes())
    data[50] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(FileError, match="not the ones that were written"):
        kgui.open_model(path)


def test_place_of_a_stored_member_is_where_its_bytes_are(tmp_path):
    path = write(tmp_path / "x.keras", ("config.json", CONFIG), ("model.weights.h5", b"HDF5 here"))
    offset, size = Archive(path).place("model.weights.h5")
    assert path.read_bytes()[offset : offset + size] == b"HDF5 here"
    packed = write(tmp_path / "y.keras", ("config.json", CONFIG), packed=True)
    assert Archive(packed).place("config.json") is None


def test_back_slashes_of_windows(tmp_path):
    path = write(tmp_path / "x.keras", ("config.json", CONFIG), ("assets/a/b.txt", "one\ntwo"))
    path.write_bytes(path.read_bytes().replace(b"assets/a/b.txt", b"assets\\a\\b.txt"))
    with kgui.open_model(path) as opened:
        assert opened.assets == {"assets/a/b.txt": 7}


@pytest.mark.parametrize("seed", range(200))
def test_any_changed_byte_is_an_error_or_a_model(tmp_path, seed):
    path = write(tmp_path / "x.keras", ("metadata.json", "{}"), ("config.json", CONFIG))
    data = bytearray(path.read_bytes())
    data[seed * 7919 % len(data)] ^= 1 << (seed % 8)
    path.write_bytes(data)
    try:
        kgui.open_model(path).close()
    except kgui.KguiError as error:
        assert "\n" not in str(error)
