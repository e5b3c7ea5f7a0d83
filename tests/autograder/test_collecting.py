"""Archives are unpacked as far as they are good, whoever made them; each that is not gets a sentence."""

import io
import os
import tarfile
import zipfile
from types import SimpleNamespace

import pytest
from traitlets.config import Configurable

from autograder.collecting import Collector, Extractor, Person


class Heard(list):
    """What the extractor says."""

    def error(self, text, *values):
        self.append(text % values)


def zipped(members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in members.items():
            file.writestr(name, text)
    return data.getvalue()


def tarred(*members, data=b""):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as file:
        for name, kind, target in members:
            about = tarfile.TarInfo(name)
            about.type, about.linkname, about.size = kind, target, len(data) if kind == tarfile.REGTYPE else 0
            file.addfile(about, io.BytesIO(data))
    return out.getvalue()


def extract(tmp_path, monkeypatch, archives, **limits):
    """({name: bytes} of what was unpacked, what was said)"""
    (tmp_path / "archive").mkdir()
    for name, data in archives.items():
        (tmp_path / "archive" / name).write_bytes(data)
    extractor, heard = Extractor(**limits), Heard()
    monkeypatch.setattr(Extractor, "log", heard)
    extractor.extract(str(tmp_path / "archive"), str(tmp_path / "out"))
    assert sorted(os.listdir(tmp_path)) == ["archive", "out"]
    assert not any(p.is_symlink() for p in tmp_path.rglob("*"))
    found = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*.ipynb")}
    return found, heard


def test_good_archives_are_unpacked_and_what_is_none_is_copied(tmp_path, monkeypatch):
    archives = {
        "class.zip": zipped({"ada/p.ipynb": b"ada", "bob.zip": zipped({"p.ipynb": b"bob", "c.zip": b""}), "d/": b""}),
        "eve.tar.gz": tarred(("p.ipynb", tarfile.REGTYPE, ""), data=b"eve"),
        "fay.ipynb": b"fay",
    }
    found, heard = extract(tmp_path, monkeypatch, archives)
    assert found == {
        "class/ada/p.ipynb": b"ada",
        "class/bob/p.ipynb": b"bob",
        "eve/p.ipynb": b"eve",
        "fay.ipynb": b"fay",
    }
    assert heard == []


@pytest.mark.parametrize("name", ["../x.ipynb", "/x.ipynb", "a/../../x.ipynb", "..", "c:\\x.ipynb", "..\\x.ipynb"])
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_name_that_leads_out_of_the_folder_costs_that_file_alone(tmp_path, monkeypatch, name, kind):
    file = tarfile.REGTYPE
    data = zipped({name: b"", "p.ipynb": b""}) if kind == "zip" else tarred((name, file, ""), ("p.ipynb", file, ""))
    found, heard = extract(tmp_path, monkeypatch, {f"ada.{kind}": data})
    assert list(found) == ["ada/p.ipynb"]
    assert len(heard) == 1
    assert "leads out of the folder" in heard[0]


def test_links_and_pipes_stay_in_the_archive(tmp_path, monkeypatch):
    links = tarred(
        ("a.ipynb", tarfile.SYMTYPE, "/etc/passwd"),
        ("b.ipynb", tarfile.LNKTYPE, "p.ipynb"),
        ("c.ipynb", tarfile.FIFOTYPE, ""),
        ("p.ipynb", tarfile.REGTYPE, ""),
    )
    about = zipfile.ZipInfo("a.ipynb")
    about.external_attr = 0o120777 << 16
    found, heard = extract(tmp_path, monkeypatch, {"ada.tar.gz": links, "bob.zip": zipped({about: b"/etc/passwd"})})
    assert list(found) == ["ada/p.ipynb"]
    assert "'a.ipynb' and 2 more is left out: it is a link" in heard[0]
    assert "'a.ipynb' is left out: it is a link" in heard[1]


def test_a_bomb_costs_nobody_else_anything(tmp_path, monkeypatch):
    bomb = bytes(2**21)
    archives = {
        "class.zip": zipped({"a.zip": zipped({"p.ipynb": bomb}), "b.ipynb": bomb, "p.ipynb": b"", "q.ipynb": b"q"}),
        "eve.tar.gz": tarred(("p.ipynb", tarfile.REGTYPE, ""), data=bomb),
    }
    found, heard = extract(tmp_path, monkeypatch, archives, megabytes=1)
    assert set(found) == {"class/p.ipynb", "class/q.ipynb"}
    assert len(heard) == 3
    assert all("too much" in sentence for sentence in heard)
    assert "eve.tar.gz is no archive" in heard[-1], "of a tar archive no more is decompressed than may be kept"


def test_too_many_files_are_left_out(tmp_path, monkeypatch):
    many = [(f"{i}.ipynb", tarfile.REGTYPE, "") for i in range(9)]
    archives = {"a.zip": zipped({name: b"" for name, *_ in many}), "b.tar.gz": tarred(*many)}
    found, heard = extract(tmp_path, monkeypatch, archives, members=5)
    assert len(found) == 10
    assert len(heard) == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"nonsense", b"\x1f\x8bnonsense", zipped({"p.ipynb": b"x" * 99})[:-40]],
    ids=["empty", "nonsense", "half gzip", "half zip"],  # the bytes of a zip hold the time
)
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_what_is_no_archive_gets_a_sentence_and_stops_nobody(tmp_path, monkeypatch, name, data):
    found, heard = extract(tmp_path, monkeypatch, {name: data, "b.zip": zipped({"p.ipynb": b""})})
    assert list(found) == ["b/p.ipynb"]
    assert "no archive" in heard[0]


def test_a_damaged_file_is_left_out(tmp_path, monkeypatch):
    data = bytearray(zipped({"p.ipynb": os.urandom(99), "q.ipynb": b""}))
    data[60] ^= 1
    twice = zipped({"p.ipynb": b"1", "./p.ipynb": b"22", "p.ipynb/q.ipynb": b"333"})
    found, heard = extract(tmp_path, monkeypatch, {"a.zip": bytes(data), "b.zip": twice})
    assert found == {"a/q.ipynb": b"", "b/p.ipynb": b"1"}
    assert "'p.ipynb' is left out: it cannot be unpacked" in heard[0]
    assert "'./p.ipynb' and 1 more is left out: it cannot be unpacked" in heard[1]


@pytest.fixture
def collector():
    """For perceptron, in a course that knows Ada by her number in Canvas, Zoë by name, and two of one name."""
    app = Configurable()
    app.coursedir = SimpleNamespace(assignment_id="perceptron")
    found = Collector(parent=app)
    found._students = [
        Person("ada", "Ada", "Lovelace", "4711"),
        Person("zoe", "Zoë", "Müller", None),
        Person("li1", "Li", "Wei", None),
        Person("li2", "Li", "Wei", None),
    ]
    return found


@pytest.mark.parametrize(
    ("path", "student", "name"),
    [
        ("lovelaceada_4711_90001_perceptron.ipynb", "ada", "perceptron.ipynb"),
        ("lovelaceada_LATE_4711_90001_perceptron-2.ipynb", "ada", "perceptron.ipynb"),
        ("turingalan_4712_90002_Perceptron (1).ipynb", "turingalan_4712", "perceptron.ipynb"),
        ("turingalan_4712_90002_my_home_work.ipynb", "turingalan_4712", "my_home_work.ipynb"),
        ("turingalan_4712_90002_perceptron.pdf", "turingalan_4712", "perceptron.pdf"),
        ("Zoë Müller_17_assignsubmission_file/perceptron.ipynb", "zoe", "perceptron.ipynb"),
        ("Zoë Müller_17_assignsubmission_file_perceptron.ipynb", "zoe", "perceptron.ipynb"),
        ("Zoë Müller_17_assignsubmission_file/sub/perceptron.ipynb", "zoe", "perceptron.ipynb"),
        ("Li Wei_18_assignsubmission_file/perceptron.ipynb", "Li Wei_18", "perceptron.ipynb"),
    ],
)
def test_canvas_and_moodle_say_whose_a_file_is(collector, path, student, name):
    found = collector.collect(f"/course/downloaded/perceptron/extracted/submissions/{path}")
    assert found == {"student_id": student, "file_id": name}


def test_what_nobody_is_named_in_is_left_to_nbgraders_warning(collector):
    assert collector.collect("/course/downloaded/perceptron/extracted/perceptron.ipynb") is None


def test_of_two_hand_ins_both_are_kept(collector):
    files = ["alan_4712_1_perceptron-1.ipynb", "alan_4712_2_perceptron.ipynb", "alan_4712_3_perceptron.ipynb"]
    names = [collector.collect(f"/extracted/{file}")["file_id"] for file in files]
    assert names == ["perceptron.ipynb", "perceptron-2.ipynb", "perceptron-3.ipynb"]
