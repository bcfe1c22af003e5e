"""Hostile and damaged model files: each refused in one line; nothing runs, no other file is touched."""

import io
import json
import os
import pickle
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from eip_cli.checkpoints.checkpoint_file import load_checkpoint
from eip_cli.checkpoints.reading import containers as model_files
from eip_cli.checkpoints.reading import hdf5_probe as h5_probe
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import CheckpointError
from tests.checkpoints.hostile_configs import ATTACKS, keras_2_lambda, keras_3_lambda, lambda_function

SECRET = b"the victim's own words, which no model file may read" * 4
DENSE = "model_weights/dense/plain/dense"
WEIGHTS, CONFIG, METADATA = "model.weights.h5", "config.json", "metadata.json"


def build() -> keras.Model:
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="dense")], name="plain")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A plain model as Keras writes it, by ending: every file below is one of these, spoiled."""
    folder = tmp_path_factory.mktemp("plain")
    contents = {}
    for ending in (".h5", ".keras"):
        build().save(folder / f"model{ending}")
        contents[ending] = (folder / f"model{ending}").read_bytes()
    return contents


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The HDF5 part of these files is sound: reading it in another process first would cost time alone."""
    monkeypatch.setattr(model_files, "probe_h5", h5_probe.read_everything)


def refusal(path: Path, **settings: Any) -> str:
    """The one line with which ``path`` is refused, after checking that it is one and that nothing changed."""
    before = snapshot(path.parent)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, candidates={"plain": build}, **settings)
    message = str(caught.value)
    assert message.startswith(f"{path}: "), message
    assert message.isprintable(), message
    assert len(message) <= 400, message
    assert SECRET[:20].decode() not in message
    assert snapshot(path.parent) == before
    return message[len(f"{path}: ") :]


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def repack(content: bytes, **parts: bytes | None) -> bytes:
    """A ``.keras`` archive with parts replaced (``config_json=...``), or left out where None is given."""
    names = {"config_json": CONFIG, "metadata_json": METADATA, "weights": WEIGHTS}
    replaced = {names[key]: value for key, value in parts.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            part = replaced.get(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return target.getvalue()


def with_config(content: bytes, ending: str, config: str | bytes) -> bytes:
    """The model file with another configuration."""
    if ending == ".keras":
        return repack(content, config_json=config if isinstance(config, bytes) else config.encode())
    return spoil_h5(content, lambda file: file.attrs.__setitem__("model_config", config))


def read_config(content: bytes, ending: str) -> dict[str, Any]:
    if ending == ".keras":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return json.loads(archive.read(CONFIG))
    with h5py.File(io.BytesIO(content)) as file:
        return json.loads(file.attrs["model_config"])


def spoil_h5(content: bytes, spoil: Callable[[h5py.File], object]) -> bytes:
    target = io.BytesIO(content)
    with h5py.File(target, "r+") as file:
        spoil(file)
    return target.getvalue()


@pytest.mark.usefixtures("in_process")
class TestConfigurations:
    @pytest.mark.parametrize("ending", [".h5", ".keras"])
    @pytest.mark.parametrize("name", ATTACKS)
    def test_refused(
        self, name: str, ending: str, plain: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        attack, expected = ATTACKS[name]
        canary = tmp_path / "canary"
        (tmp_path / "payload.py").write_text(f"open({str(canary)!r}, 'w').close()")
        monkeypatch.syspath_prepend(tmp_path)
        config = read_config(plain[ending], ending)
        attack(config, canary)
        path = tmp_path / f"model{ending}"
        path.write_bytes(with_config(plain[ending], ending, json.dumps(config)))
        message = refusal(path)
        assert not canary.exists()
        assert re.search(expected, message), message

    @pytest.mark.parametrize("ending", [".h5", ".keras"])
    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            (b"", "JSON|no Keras model"),
            (b"{", "not JSON"),
            (b"[]", "not a JSON object"),
            (b"7", "not a JSON object"),
            (b'{"class_name": "Sequential", "config": ' + b"[" * 50_000, "nested too deep|not JSON"),
            (b'{"units": ' + b"9" * 10_000 + b"}", "not JSON"),
            (b"\xff\xfe\x00", "not text|not JSON"),
        ],
        ids=["empty", "cut off", "list", "number", "deep", "digits without end", "not UTF-8"],
    )
    def test_json_that_is_none(
        self, config: bytes, expected: str, ending: str, plain: dict[str, bytes], tmp_path: Path
    ) -> None:
        path = tmp_path / f"model{ending}"
        stored: Any = config if ending == ".keras" else np.bytes_(config)
        path.write_bytes(with_config(plain[ending], ending, stored))
        assert re.search(expected, refusal(path))

    @pytest.mark.parametrize(("ending", "make"), [(".h5", keras_2_lambda), (".keras", keras_3_lambda)])
    def test_the_payloads_are_live(
        self, ending: str, make: Callable[[Path], dict[str, Any]], plain: dict[str, bytes], tmp_path: Path
    ) -> None:
        """What is refused above does run where Keras is told to trust the file."""
        canary = tmp_path / "canary"
        config = read_config(plain[ending], ending)
        config["config"]["layers"].append(make(canary))
        if ending == ".h5":
            del config["config"]["layers"][-1]["module"]  # as such files are
        path = tmp_path / f"model{ending}"
        path.write_bytes(with_config(plain[ending], ending, json.dumps(config)))
        keras.models.load_model(path, safe_mode=False)
        assert canary.exists()

    @pytest.mark.parametrize("ending", [".h5", ".keras"])
    def test_trust_does_not_run_code_of_the_file(
        self, ending: str, plain: dict[str, bytes], tmp_path: Path
    ) -> None:
        canary = tmp_path / "canary"
        for make in (keras_2_lambda, keras_3_lambda):
            config = read_config(plain[ending], ending)
            config["config"]["layers"].append(make(canary))
            (tmp_path / f"model{ending}").write_bytes(with_config(plain[ending], ending, json.dumps(config)))
            refusal(tmp_path / f"model{ending}", trust=True)
        assert not canary.exists()

    def test_code_in_the_optimizer_loss_or_metrics_is_not_read(
        self, plain: dict[str, bytes], tmp_path: Path
    ) -> None:
        canary = tmp_path / "canary"
        config = read_config(plain[".keras"], ".keras")
        function = lambda_function(canary)
        config["compile_config"] = {"optimizer": function, "loss": function, "metrics": [function]}
        (tmp_path / "model.keras").write_bytes(with_config(plain[".keras"], ".keras", json.dumps(config)))
        loaded = load_checkpoint(tmp_path / "model.keras", candidates={})
        assert loaded.loss is None
        assert not canary.exists()


def replace_kernel(file: h5py.File, make: Callable[[h5py.Group], object]) -> None:
    group = file[DENSE]
    del group["kernel"]
    make(group)


def virtual(group: h5py.Group) -> None:
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("secret.h5", "kernel", (4, 3))
    group.create_virtual_dataset("kernel", layout)


def contiguous_without_storage(group: h5py.Group) -> None:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    space = h5py.h5s.create_simple((2**20, 2**20))
    h5py.h5d.create(group.id, b"kernel", h5py.h5t.IEEE_F32LE, space, properties)


def endless_chunk(group: h5py.Group) -> None:
    """A chunk of 48 bytes whose compressed stream inflates to 32 megabytes."""
    dataset = group.create_dataset("kernel", shape=(4, 3), dtype="f4", chunks=(4, 3), compression="gzip")
    dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(2**25)))


def committed_type(file: h5py.File) -> None:
    file["type"] = np.dtype("f4")


def many_groups(file: h5py.File) -> None:
    group = file.create_group("many")
    for index in range(20_001):
        h5py.h5g.create(group.id, str(index).encode())


def kernel(*arguments: Any, **settings: Any) -> Callable[[h5py.File], object]:
    return lambda file: replace_kernel(file, lambda g: g.create_dataset("kernel", *arguments, **settings))


def link_kernel(link: object) -> Callable[[h5py.File], object]:
    return lambda file: replace_kernel(file, lambda group: group.__setitem__("kernel", link))


def attribute(name: str, value: Any) -> Callable[[h5py.File], object]:
    return lambda file: file["model_weights"].attrs.__setitem__(name, value)


H5_ATTACKS: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "soft link": (
        lambda f: replace_kernel(f, lambda g: g.__setitem__("kernel", h5py.SoftLink("bias"))),
        "soft link",
    ),
    "dangling soft link": (
        lambda f: f.__setitem__("x", h5py.SoftLink("/nowhere")),
        "'/x' is an HDF5 soft link",
    ),
    "soft link for a group": (lambda f: f.__setitem__("x", h5py.SoftLink("/model_weights")), "soft link"),
    "external link": (
        lambda f: replace_kernel(
            f, lambda g: g.__setitem__("kernel", h5py.ExternalLink("secret.h5", "/kernel"))
        ),
        "external link",
    ),
    "external storage (CVE-2026-1669)": (
        kernel(shape=(4, 3), dtype="f4", external="secret.bin"),
        "external file",
    ),
    "virtual dataset": (lambda f: replace_kernel(f, virtual), "virtual dataset"),
    "hard link twice": (lambda f: f.__setitem__("again", f[DENSE]["kernel"]), "seen before"),
    "group inside itself": (lambda f: f[DENSE].__setitem__("loop", f["model_weights"]), "seen before"),
    "root inside itself": (lambda f: f[DENSE].__setitem__("loop", f["/"]), "seen before"),
    "committed type": (committed_type, "neither an HDF5 group nor a dataset"),
    "compound numbers": (kernel(shape=(4, 3), dtype=np.dtype([("a", "f4"), ("b", "f4")])), "plain numbers"),
    "complex numbers": (kernel(shape=(4, 3), dtype="c8"), "plain numbers"),
    "text": (kernel(data=["a", "b"]), "plain numbers"),
    "opaque bytes": (kernel(data=np.zeros((4, 3), "V4")), "plain numbers"),
    "truth values": (kernel(data=np.zeros((4, 3), bool)), "plain numbers"),
    "object references": (kernel(shape=(4, 3), dtype=h5py.ref_dtype), "plain numbers"),
    "region references": (kernel(shape=(4, 3), dtype=h5py.regionref_dtype), "plain numbers"),
    "ragged rows": (kernel(shape=(4,), dtype=h5py.vlen_dtype(np.dtype("f4"))), "plain numbers"),
    "arrays as elements": (kernel(shape=(4,), dtype=np.dtype(("f4", (3,)))), "plain numbers"),
    "no values at all": (kernel(data=h5py.Empty("f4")), "not a plain array"),
    "rank 20": (kernel(data=np.zeros([1] * 20, "f4")), "not a plain array"),
    "shape bomb, compressed (CVE-2026-0897)": (
        kernel(shape=(2**20, 2**20), dtype="f4", chunks=(1024, 1024), compression="gzip"),
        "compressed",
    ),
    "shape bomb, chunked": (kernel(shape=(2**20, 2**20), dtype="f4", chunks=(1024, 1024)), "declares shape"),
    "shape bomb, contiguous": (lambda f: replace_kernel(f, contiguous_without_storage), "declares shape"),
    "compressed weights": (kernel(data=np.zeros((4, 3), "f4"), compression="gzip"), "compressed"),
    "compressed chunk that inflates without end": (
        lambda f: replace_kernel(f, endless_chunk),
        "compressed",
    ),
    "chunk far larger than the data": (
        kernel(shape=(4, 3), maxshape=(None, None), dtype="f4", chunks=(2**14, 2**14)),
        "declares shape",
    ),
    "filter of a plug-in": (kernel(data=np.zeros((4, 3), "f4"), compression="lzf"), "filtered"),
    "groups nested 100 deep": (lambda f: f.create_group("/".join(["g"] * 100)), "nested more than 64 deep"),
    "groups without end": (many_groups, "more than 20,000 HDF5 objects"),
    "attributes without end": (
        lambda f: [f.attrs.__setitem__(f"a{index}", index) for index in range(100)],
        "100|1[0-9][0-9] HDF5 attributes",
    ),
    "attribute that is a reference": (
        lambda f: f.attrs.__setitem__("r", f[DENSE].ref),
        "neither text nor numbers",
    ),
    "attribute that is compound": (
        lambda f: f.attrs.__setitem__("c", np.zeros(2, [("a", "f4")])),
        "neither text nor numbers",
    ),
    "weights of another shape": (kernel(data=np.zeros((3, 4), "f4")), r"dense/kernel has shape \(4, 3\)"),
    "weights that are integers": (kernel(data=np.zeros((4, 3), "i4")), "int32, not floating point"),
    "weight missing": (lambda f: f[DENSE].__delitem__("kernel"), "where the file has 3"),
    "weight that is a group": (
        lambda f: replace_kernel(f, lambda g: g.create_group("kernel")),
        "where the file has 3",
    ),
    "layer missing": (lambda f: f["model_weights"].__delitem__("dense"), "where the file has 0"),
    "no weights": (lambda f: f.__delitem__("model_weights"), "without its weights"),
    "weights that are a dataset": (
        lambda f: (f.__delitem__("model_weights"), f.create_dataset("model_weights", data=1.0)),
        "without its weights",
    ),
    "layer name that climbs": (attribute("layer_names", ["../../dense"]), "does not have it"),
    "layer name from the root": (attribute("layer_names", ["/model_weights/dense"]), "does not have it"),
    "layer names that are numbers": (attribute("layer_names", [1, 2]), "not text"),
    "one layer too many": (
        attribute("layer_names", ["dense", "dense"]),
        "1 layers with weights, the file has 2",
    ),
    "configuration that is a number": (lambda f: f.attrs.__setitem__("model_config", 7), "not text"),
    "some other HDF5 file": (lambda f: (f.attrs.clear(), f.__delitem__("model_weights")), "no Keras model"),
}


@pytest.mark.parametrize("name", H5_ATTACKS)
def test_h5_structures(
    name: str, plain: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil, expected = H5_ATTACKS[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.bin").write_bytes(SECRET)
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["kernel"] = np.frombuffer(SECRET[:48], "f4").reshape(4, 3)
    path = tmp_path / "model.h5"
    path.write_bytes(spoil_h5(plain[".h5"], spoil))
    assert re.search(expected, refusal(path))
    monkeypatch.setattr(model_files, "probe_h5", h5_probe.read_everything)
    refusal(path, trust=True)
    refusal(path, model=build())


def test_a_file_on_which_the_hdf5_library_hangs(
    plain: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A string heap whose first object has index and size 0: the library never gets past it."""
    monkeypatch.setattr(h5_probe, "TIME_LIMIT_SECONDS", 3)
    content = bytearray(plain[".h5"])
    heap = content.index(b"GCOL")
    content[heap + 16 : heap + 32] = bytes(16)
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    assert "does not end" in refusal(path)


def test_the_weights_inside_an_archive_are_checked_alike(plain: dict[str, bytes], tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(plain[".keras"])) as archive:
        weights = archive.read(WEIGHTS)
    for spoil, expected in (
        (lambda f: f.__setitem__("x", h5py.ExternalLink("/etc/passwd", "/")), "external link"),
        (lambda f: f.create_dataset("x", shape=(8,), dtype="u1", external="/etc/hostname"), "external file"),
        (lambda f: f["layers/dense/vars"].__delitem__("0"), "where the file has 3"),
        (lambda f: f["layers"].move("dense", "other"), "dense has 2 weights"),
        (lambda f: f.copy("layers/dense", "layers/dense_1"), "'dense_1' that the network has not"),
    ):
        path = tmp_path / "model.keras"
        path.write_bytes(repack(plain[".keras"], weights=spoil_h5(weights, spoil)))
        assert expected in refusal(path)


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (r"layers\..\..\dense/vars/0", "leaves its group"),
        (r"\\server\share/vars/0", "leaves its group"),
        (r"layers\dense/vars/0", "two weights of the name"),
        ("\\".join(["layers"] * 100) + "/vars/0", "more than 64 deep"),
        (r"layers\dense_1/vars/0", "'dense_1' that the network has not"),
        (r"layers\dense\vars\..\..\dense\vars\0", "leaves its group"),
        ("layers/dense_999999999999999999999/vars/0", "that the network has not"),
    ],
)
def test_names_as_windows_wrote_them_lead_nowhere(
    name: str, expected: str, plain: dict[str, bytes], tmp_path: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(plain[".keras"])) as archive:
        weights = archive.read(WEIGHTS)
    spoiled = spoil_h5(weights, lambda file: file.create_dataset(name, data=np.zeros((4, 3), "f4")))
    (tmp_path / "model.keras").write_bytes(repack(plain[".keras"], weights=spoiled))
    assert expected in refusal(tmp_path / "model.keras")


def zip_of(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


def added(name: str | zipfile.ZipInfo, content: bytes = b"") -> Callable[[bytes], bytes]:
    """The archive with one more entry."""

    def spoil(plain: bytes) -> bytes:
        target = io.BytesIO(plain)
        with zipfile.ZipFile(target, "a") as archive:
            archive.writestr(name, content)
        return target.getvalue()

    return spoil


def symbolic_link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(METADATA)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def declared(name: str, size: int) -> Callable[[bytes], bytes]:
    """The archive with another uncompressed size of one entry in its directory."""

    def spoil(plain: bytes) -> bytes:
        content = bytearray(plain)
        position = content.rindex(name.encode()) - 46
        assert content[position : position + 4] == b"PK\x01\x02"
        content[position + 24 : position + 28] = struct.pack("<I", size)
        return bytes(content)

    return spoil


def flagged(offset: int, value: int) -> Callable[[bytes], bytes]:
    """The archive with another flag or method of its last entry, in both of its headers."""

    def spoil(plain: bytes) -> bytes:
        content = bytearray(plain)
        for signature, field in ((b"PK\x01\x02", offset + 2), (b"PK\x03\x04", offset)):
            position = content.rindex(signature) + field
            content[position : position + 2] = struct.pack("<H", value)
        return bytes(content)

    return spoil


def flip(plain: bytes, pattern: bytes) -> bytes:
    position = plain.index(pattern)
    return plain[:position] + bytes([plain[position] ^ 1]) + plain[position + 1 :]


ZIP_ATTACKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "entry above the archive": (added("../../evil"), "'../../evil'"),
    "entry with an absolute path": (added("/tmp/evil"), "'/tmp/evil'"),
    "entry with a drive": (added("C:\\evil"), "evil'"),
    "entry with a line break": (added("a\nError: fine"), r"a\\nError"),
    "asset": (added("assets/layers/string_lookup/vocabulary.txt", b"x"), "'assets/layers"),
    "pickle": (added("payload.pkl", pickle.dumps({})), "'payload.pkl'"),
    "second configuration": (added(CONFIG, b"{}"), "twice"),
    "weights as .npz": (lambda plain: repack(plain, weights=None), f"without {WEIGHTS}"),
    "no configuration": (lambda plain: repack(plain, config_json=None), f"without {CONFIG}"),
    "symbolic link": (
        lambda plain: added(symbolic_link(), b"/etc/passwd")(repack(plain, metadata_json=None)),
        "not a plain file",
    ),
    "200 entries": (lambda _: zip_of(*[(f"e{index}", b"") for index in range(200)]), "200 entries"),
    "zip bomb": (
        lambda _: zip_of((CONFIG, bytes(2**24)), (WEIGHTS, b""), method=zipfile.ZIP_DEFLATED),
        "'config.json' declares 16,777,216 bytes",
    ),
    "declares four gigabytes": (declared(WEIGHTS, 2**32 - 2), "declares 4,294,967,294 bytes"),
    "declares fewer bytes than it has": (declared(CONFIG, 10), "damaged|not as long|not JSON"),
    "encrypted": (flagged(6, 1), "encrypted"),
    "unknown compression": (flagged(8, 99), "damaged"),
    "a flipped bit in the configuration": (lambda plain: flip(plain, b"dense"), "damaged"),
    "a flipped bit in the weights": (
        lambda plain: flip(plain, b"TREE"),
        "damaged",
    ),
    "cut in the middle": (lambda plain: plain[: len(plain) // 2], "damaged or truncated zip"),
    "cut before its last byte": (lambda plain: plain[:-1], "damaged or truncated zip"),
    "configuration that is HDF5": (lambda plain: repack(plain, config_json=b"\x89HDF\r\n\x1a\n"), "not JSON"),
    "metadata that is a list": (lambda plain: repack(plain, metadata_json=b"[]"), "metadata.json is not"),
    "weights that are text": (lambda plain: repack(plain, weights=b"weights"), "damaged or truncated HDF5"),
    "weights that are empty": (lambda plain: repack(plain, weights=b""), "damaged or truncated HDF5"),
    "some other zip archive": (lambda _: zip_of(("word/document.xml", b"<xml/>")), "'word/document.xml'"),
}


@pytest.mark.parametrize("name", ZIP_ATTACKS)
def test_archives(name: str, plain: dict[str, bytes], tmp_path: Path) -> None:
    spoil, expected = ZIP_ATTACKS[name]
    path = tmp_path / "run" / "model.keras"
    path.parent.mkdir()
    path.write_bytes(spoil(plain[".keras"]))
    assert re.search(expected, refusal(path))
    assert sorted(item.name for item in tmp_path.iterdir()) == ["run"]


FOUND: dict[str, tuple[str, Callable[[dict[str, bytes]], bytes], str]] = {
    "empty .h5": ("a.h5", lambda _: b"", "an empty file"),
    "empty .keras": ("a.keras", lambda _: b"", "an empty file"),
    "a zip archive called .h5": ("a.h5", lambda plain: plain[".keras"], "holds a zip archive, not HDF5"),
    "HDF5 called .keras": ("a.keras", lambda plain: plain[".h5"], "holds HDF5, not the zip archive"),
    "text": ("a.h5", lambda _: b"<html>404</html>", "holds text"),
    "a pickle": ("a.h5", lambda _: pickle.dumps([1]), "a Python pickle"),
    "a gzip archive": ("a.h5", lambda _: b"\x1f\x8b\x08", "a gzip archive"),
    "an image": ("a.keras", lambda _: b"\x89PNG\r\n\x1a\n", "a PNG image"),
    "an empty zip archive": ("a.keras", lambda _: zip_of(), "a zip archive"),
    "random bytes": ("a.h5", lambda _: bytes(range(255, 0, -1)), "unknown format"),
    "HDF5 behind a block of a user's": ("a.h5", lambda plain: bytes(512) + plain[".h5"], "unknown format"),
    "HDF5 of eight bytes": ("a.h5", lambda plain: plain[".h5"][:8], "damaged or truncated HDF5"),
    "HDF5 of four bytes": ("a.h5", lambda plain: plain[".h5"][:4], "truncated HDF5"),
    "HDF5 cut in the middle": (
        "a.h5",
        lambda plain: plain[".h5"][: len(plain[".h5"]) // 2],
        "truncated HDF5",
    ),
    "HDF5 cut before its last byte": ("a.h5", lambda plain: plain[".h5"][:-1], "damaged or truncated HDF5"),
    "another ending": ("model.pt", lambda plain: plain[".h5"], "a checkpoint is an .h5 or .keras file"),
    "no ending": ("model", lambda plain: plain[".keras"], "a checkpoint is an .h5 or .keras file"),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found(name: str, plain: dict[str, bytes], tmp_path: Path) -> None:
    file_name, make, expected = FOUND[name]
    (tmp_path / file_name).write_bytes(make(plain))
    assert expected in refusal(tmp_path / file_name)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder.h5").mkdir()
    assert "is a directory" in refusal(tmp_path / "folder.h5")
    assert "no such file" in refusal(tmp_path / "absent.keras")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe in the file system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    assert "not a regular file" in refusal(tmp_path / "pipe.h5")


@pytest.mark.skipif(not hasattr(os, "truncate"), reason="a file with a hole")
def test_a_file_too_large_is_not_read(plain: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "large.h5"
    path.write_bytes(plain[".h5"])
    os.truncate(path, 2**40)
    with pytest.raises(CheckpointError, match="more than a model file may"):
        load_checkpoint(path, candidates={})


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_bytes_flipped_at_random(ending: str, plain: dict[str, bytes], tmp_path: Path) -> None:
    """Damage anywhere is refused in one line, or did not matter; it never raises anything else."""
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(20):
        content = bytearray(plain[ending])
        for position in rng.integers(0, len(content), 20):
            content[position] ^= 1 << int(rng.integers(8))
        path = tmp_path / f"model{ending}"
        path.write_bytes(content)
        try:
            load_checkpoint(path, candidates={})
        except CheckpointError as error:
            assert str(error).isprintable()
            refused += 1
    assert refused > 0
