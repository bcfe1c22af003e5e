"""Compiled programs are kept between processes, and are never worse than none."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from eip_cli.foundation.compiled_programs import keeping, loan
from eip_cli.foundation.compiled_programs.loan import open_loan
from eip_cli.foundation.compiled_programs.store import ProgramStore, remove_oldest
from eip_cli.runs.provenance import computing_settings, describe_environment

ENTRY = "xla_compile_cache__1__2__XLA_CPU_JIT.pb"


@pytest.fixture
def store(tmp_path: Path) -> ProgramStore:
    folder = tmp_path / "programs" / "tensorflow-1"
    folder.mkdir(parents=True)
    return ProgramStore(folder)


def keep(store: ProgramStore, content: bytes = b"machine code", name: str = ENTRY) -> Path:
    source = Path(tempfile.mkdtemp(dir=store.folder.parent.parent))
    (source / name).write_bytes(content)
    store.take_in(source)
    return store.folder / f"{hashlib.sha256(content).hexdigest()}.{name}"


def lent(store: ProgramStore) -> dict[str, bytes]:
    borrowed = open_loan(store.folder.parent)
    assert borrowed is not None
    borrowed.take(store)
    found = {path.name: path.read_bytes() for path in borrowed.folder.iterdir()}
    borrowed.end()
    assert not borrowed.folder.exists()
    return found


def test_a_program_is_lent_as_it_was_kept(store: ProgramStore) -> None:
    kept = keep(store)
    keep(store, b"another", f"{ENTRY}.tmp")  # which TensorFlow has not finished
    assert [path.name for path in store.folder.iterdir()] == [kept.name]
    assert lent(store) == {ENTRY: b"machine code"}


@pytest.mark.parametrize("content", [b"", b"machine", b"machine cpde"], ids=["empty", "cut off", "changed"])
def test_a_damaged_program_is_removed_and_the_others_are_lent(store: ProgramStore, content: bytes) -> None:
    damaged = keep(store)
    keep(store, b"sound", "xla_compile_cache__3__4__XLA_CPU_JIT.pb")
    damaged.write_bytes(content)
    assert lent(store) == {"xla_compile_cache__3__4__XLA_CPU_JIT.pb": b"sound"}
    assert not damaged.exists()
    keep(store)
    assert lent(store)[ENTRY] == b"machine code"


def test_what_is_no_program_is_left_alone(store: ProgramStore) -> None:
    keep(store)
    (store.folder / "notes.txt").write_text("mine")
    (store.folder / f"{'0' * 64}.xla_compile_cache__5.pb").mkdir()
    assert lent(store) == {ENTRY: b"machine code"}
    assert (store.folder / "notes.txt").exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owners here")
def test_a_program_that_another_user_has_put_there_is_not_run(
    store: ProgramStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    assert lent(store) == {}


def test_the_programs_compiled_first_make_room(store: ProgramStore) -> None:
    older = ProgramStore(store.folder.parent / "tensorflow-0")
    older.folder.mkdir()
    paths = [keep(older, b"a" * 60), keep(store, b"b" * 60, "xla_compile_cache__6.pb"), keep(store)]
    for age, path in enumerate(reversed(paths)):
        os.utime(path, (1e9 - age, 1e9 - age))
    remove_oldest(store.folder.parent, largest_bytes=80)
    assert [path.exists() for path in paths] == [False, True, True]


KILLED = """
import os, sys
from pathlib import Path
from eip_cli.foundation.compiled_programs.loan import open_loan
print(open_loan(Path(sys.argv[1])).folder, flush=True)
os._exit(1)
"""


def test_what_a_killed_process_leaves_is_removed_by_the_next_and_nobody_elses(tmp_path: Path) -> None:
    alive = open_loan(tmp_path)
    assert alive is not None
    result = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True)
    left = Path(result.stdout.strip())
    assert left.is_dir()
    assert alive.folder.is_dir()
    later = open_loan(tmp_path)
    assert later is not None
    assert not left.exists()
    assert alive.folder.is_dir()
    for one in (alive, later):
        one.end()
    assert list((tmp_path / "in-use").iterdir()) == []


def test_where_nothing_can_be_written_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert open_loan(tmp_path / "file") is None
    monkeypatch.setattr(loan, "ROOM_BYTES", 2**62)
    assert open_loan(tmp_path) is None


@pytest.mark.parametrize(
    ("setting", "flags"),
    [
        ("off", None),
        ("", "--tf_xla_persistent_cache_directory=/mine"),
        ("", "flags.txt"),
    ],
    ids=["off", "the user's own folder", "flags in a file"],
)
def test_the_users_word_counts(monkeypatch: pytest.MonkeyPatch, setting: str, flags: str | None) -> None:
    monkeypatch.setenv("EIP_COMPILE_CACHE", setting)
    if flags is None:
        monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    else:
        monkeypatch.setenv("TF_XLA_FLAGS", flags)
    monkeypatch.setattr(keeping, "_loan", None)
    keeping.set_programs_folder()
    assert keeping._loan is None
    assert os.environ.get("TF_XLA_FLAGS") == flags


def test_a_run_records_that_programs_are_kept_and_not_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    flag = '--tf_xla_persistent_cache_directory="/home/me/.cache/eip/programs/in-use/1-2a"'
    monkeypatch.setenv("EIP_COMPILE_CACHE", "on")
    monkeypatch.setenv("TF_XLA_FLAGS", f"--tf_xla_auto_jit=1 {flag}")
    settings = describe_environment()
    assert settings["EIP_COMPILE_CACHE"] == "on"
    assert settings["TF_XLA_FLAGS"] == "--tf_xla_auto_jit=1"
    monkeypatch.setenv("TF_XLA_FLAGS", flag)
    assert "TF_XLA_FLAGS" not in describe_environment()


def test_where_programs_are_kept_is_no_difference_between_runs() -> None:
    without = {"TF_ENABLE_ONEDNN_OPTS": "1"}
    kept = {"EIP_COMPILE_CACHE": "on", "TF_XLA_FLAGS": "--tf_xla_persistent_cache_directory=/mine", **without}
    assert computing_settings(kept) == computing_settings(without) == without
    assert computing_settings({"TF_XLA_FLAGS": "--tf_xla_auto_jit=1"}) != computing_settings(without)


def test_other_conditions_have_programs_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [keeping._name_conditions()]
    assert names == [keeping._name_conditions()]
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    names.append(keeping._name_conditions())
    monkeypatch.setattr(keeping, "available_threads", lambda: 99)
    names.append(keeping._name_conditions())
    monkeypatch.setattr(keeping, "processor_features", lambda: "an older one")
    names.append(keeping._name_conditions())
    monkeypatch.setattr("tensorflow.version.GIT_VERSION", "another build")
    names.append(keeping._name_conditions())
    assert len(set(names)) == 5


NETWORK = """
import keras

def net():
    layers = keras.layers
    return keras.Sequential([
        keras.Input((32, 32, 3)), layers.SeparableConv2D(8, 3, strides=2, activation="relu"),
        layers.BatchNormalization(), layers.Dropout(0.25), layers.Flatten(), layers.Dense(10, "softmax"),
    ])
"""
TRAINING = """
import hashlib, json, os, sys
from eip_cli import TrainConfig, train_model
from eip_cli.foundation.compiled_programs import keeping
keeping.keep_compiled_programs()
lent = len(os.listdir(keeping._loan.folder)) if keeping._loan else None
config = TrainConfig(model="nets.py:net", dataset="digits", limit_train=48, batch_size=32, epochs=1)
run, record = train_model(config, sys.argv[1])
weights = hashlib.sha256((run.path / "final.h5").read_bytes()).hexdigest()
print(json.dumps([weights, lent, record.deterministic, record.environment.get("EIP_COMPILE_CACHE")]))
"""


def train(name: str, **settings: str) -> "subprocess.Popen[str]":
    environment = {key: value for key, value in os.environ.items() if key != "TF_XLA_FLAGS"}
    command = [sys.executable, "-c", TRAINING, name]
    return subprocess.Popen(command, env=environment | settings, stdout=subprocess.PIPE, text=True)


def answer(process: "subprocess.Popen[str]") -> list:
    output, _ = process.communicate()
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


@pytest.mark.skipif(keeping.may_have_accelerator(), reason="programs are kept on processors alone")
def test_a_training_has_the_same_bits_with_programs_new_kept_damaged_and_none() -> None:
    Path("nets.py").write_text(NETWORK)
    running = [train("off", EIP_COMPILE_CACHE="off"), train("new")]
    off, new = map(answer, running)
    assert off[1:] == [None, True, "off"]
    assert new[1:] == [0, True, "on"]
    store = next(Path("cache/programs").glob("tensorflow-*"))
    kept = {path.name: path.read_bytes() for path in store.iterdir()}
    assert len(kept) > 8
    for place, name in enumerate(sorted(kept)[:6]):  # of which each alone would end the training
        path, content = store / name, bytearray(kept[name])
        content[-3000:-2990] = b"\0" * 10
        path.unlink()  # the file that is lent is the same one
        path.write_bytes((b"", content[: len(content) // 2], bytes(content))[place % 3])
    again = answer(train("again"))
    assert again[1:] == [len(kept) - 6, True, "on"]
    assert off[0] == new[0] == again[0]
    names = sorted(path.name.partition(".")[2] for path in store.iterdir())
    assert names == sorted(name.partition(".")[2] for name in kept)
    assert list(Path("cache/programs/in-use").iterdir()) == []
