"""Downloads, from a server on this machine; formats, in small files made here."""

import gzip
import hashlib
import http.server
import io
import pickle
import tarfile
import threading

import numpy as np
import pytest
import torch

from coursekit import data, downloads

PIXELS = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)


def idx_bytes(array):
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def cifar_bytes(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def record(label, value):
    return bytes([label]) + bytes([value]) * 1024 + bytes([value + 1]) * 1024 + bytes([value + 2]) * 1024


# Formats


def _words(value):
    """Part of a test's name: not the bytes, for gzip writes the time into them."""
    return "bytes" if isinstance(value, bytes) else None


@pytest.mark.parametrize("shape", [(5,), (3, 28, 28), (2, 1, 4)])
def test_idx_is_read_back(tmp_path, shape):
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / "made.gz"
    path.write_bytes(gzip.compress(idx_bytes(array)))
    read = downloads.idx(path)
    assert read.dtype == np.uint8
    assert np.array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not gzip at all", "no whole gzip file"),
        (gzip.compress(idx_bytes(PIXELS))[:-200], "no whole gzip file"),
        (gzip.compress(b""), "no IDX file"),
        (gzip.compress(bytes([0, 0, 13, 1]) + b"\0\0\0\1" + b"\0\0\0\0"), "no IDX file"),  # floats
        (gzip.compress(bytes([0, 0, 8, 3, 0, 0])), "no IDX file"),  # the header breaks off
        (gzip.compress(idx_bytes(PIXELS)[:-1]), "holds 2351 bytes"),
        (gzip.compress(idx_bytes(PIXELS) + b"\0"), "holds 2353 bytes"),
        (gzip.compress(pickle.dumps([1, 2])), "no IDX file"),
    ],
    ids=_words,
)
def test_what_is_not_idx_is_refused(tmp_path, content, sentence):
    path = tmp_path / "broken.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        downloads.idx(path)


def test_cifar_is_read_in_the_order_of_its_members(tmp_path):
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(cifar_bytes({"b.bin": record(7, 100) + record(0, 50), "a.bin": record(9, 10)}))
    x, y = downloads.cifar(path, ["a.bin", "b.bin"])
    assert x.shape == (3, 3, 32, 32)
    assert y.tolist() == [9, 7, 0]
    assert (x[0, 0] == 10).all()
    assert (x[0, 1] == 11).all()
    assert (x[1, 2] == 102).all()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no archive", "not CIFAR-10's binary archive"),
        (cifar_bytes({"other.bin": record(1, 1)}), "not CIFAR-10's binary archive"),
        (cifar_bytes({"a.bin": record(1, 1)[:-1]}), "no whole number of records"),
        (cifar_bytes({"a.bin": b""}), "no whole number of records"),
        (cifar_bytes({"a.bin": record(10, 1)}), "a class beyond the ten"),
        (cifar_bytes({"a.bin": record(1, 1) * 40})[:-60], "not CIFAR-10's binary archive"),
    ],
    ids=_words,
)
def test_what_is_not_cifar_is_refused(tmp_path, content, sentence):
    path = tmp_path / "broken.tar.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        downloads.cifar(path, ["a.bin"])


# Downloads


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Server:
    """Serves the files of `files` by name and keeps what was asked for in `asked`."""

    def __init__(self):
        self.files, self.asked = {}, []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                content = server.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def serve(server, monkeypatch, source, files, mirrors=("",)):
    """Let `source` be these files on that server, with their true checksums."""
    server.files = {f"/{name}": content for name, content in files.items()}
    monkeypatch.setitem(source, "mirrors", tuple(server.url + mirror for mirror in mirrors))
    monkeypatch.setitem(source, "files", {name: hashlib.sha256(c).hexdigest() for name, c in files.items()})


def mnist_files():
    return {
        "train-images-idx3-ubyte.gz": gzip.compress(idx_bytes(PIXELS)),
        "train-labels-idx1-ubyte.gz": gzip.compress(idx_bytes(np.array([3, 1, 4], dtype=np.uint8))),
        "t10k-images-idx3-ubyte.gz": gzip.compress(idx_bytes(255 - PIXELS[:2])),
        "t10k-labels-idx1-ubyte.gz": gzip.compress(idx_bytes(np.array([5, 9], dtype=np.uint8))),
    }


@pytest.mark.parametrize(("name", "source"), [("mnist", downloads.MNIST), ("fashion-mnist", downloads.FASHION_MNIST)])
def test_mnist_is_downloaded_once(cache, server, monkeypatch, capfd, name, source):
    serve(server, monkeypatch, source, mnist_files())
    train = data.load(name)
    assert train.x.shape == (3, 1, 28, 28)
    assert train.x.dtype == torch.float32
    assert torch.equal(train.x[:, 0], torch.tensor(PIXELS) / 255)
    assert train.y.tolist() == [3, 1, 4]
    assert train.y.dtype == torch.int64
    assert len(train.names) == 10
    assert "100%" in capfd.readouterr().err  # the bar
    assert data.load(name, split="test").y.tolist() == [5, 9]
    assert sorted(file.name for file in (cache / name).iterdir()) == sorted(mnist_files())

    asked = len(server.asked)
    assert asked == 4
    data.load(name)
    assert len(server.asked) == asked  # from the cache


def test_cifar_is_downloaded(cache, server, monkeypatch):
    batches = {f"cifar-10-batches-bin/data_batch_{k}.bin": record(k, 10 * k) for k in range(1, 6)}
    batches["cifar-10-batches-bin/test_batch.bin"] = record(8, 200)
    serve(server, monkeypatch, downloads.CIFAR10, {"cifar-10-binary.tar.gz": cifar_bytes(batches)})
    train, test = data.load("cifar10"), data.load("cifar10", split="test")
    assert train.x.shape == (5, 3, 32, 32)
    assert train.y.tolist() == [1, 2, 3, 4, 5]
    assert test.names[test.y[0]] == "ship"
    assert torch.allclose(test.x[0, 2], torch.tensor(202 / 255))


def test_the_next_mirror_serves_where_the_first_does_not(cache, server, monkeypatch):
    files = mnist_files()
    serve(server, monkeypatch, downloads.MNIST, files, mirrors=("gone/", "forged/", ""))
    server.files |= {f"/forged/{name}": content + b"!" for name, content in files.items()}
    assert data.load("mnist").y.tolist() == [3, 1, 4]
    assert [path.rpartition("/")[0] for path in server.asked[:3]] == ["/gone", "/forged", ""]


def test_a_damaged_file_in_the_cache_is_fetched_again(cache, server, monkeypatch):
    serve(server, monkeypatch, downloads.MNIST, mnist_files())
    data.load("mnist")
    (cache / "mnist" / "train-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    assert data.load("mnist").y.tolist() == [3, 1, 4]


def test_a_forged_file_is_never_kept(cache, server, monkeypatch):
    serve(server, monkeypatch, downloads.MNIST, mnist_files())
    server.files = {path: content + b"!" for path, content in server.files.items()}
    with pytest.raises(ConnectionError, match="sent a file that is not the known one"):
        data.load("mnist")
    assert list((cache / "mnist").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "source", "instead"),
    [
        ("mnist", downloads.MNIST, "digits"),
        ("fashion-mnist", downloads.FASHION_MNIST, "digits"),
        ("cifar10", downloads.CIFAR10, "photographs"),
    ],
)
def test_without_a_network_the_reader_hears_what_to_do(cache, monkeypatch, name, source, instead):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setitem(source, "mirrors", ("http://127.0.0.1:9/",))  # nobody listens there
    with pytest.raises(ConnectionError) as caught:
        data.load(name)
    message = str(caught.value)
    assert "http://127.0.0.1:9/" in message
    assert "go online and run this cell again" in message
    assert str(cache / name) in message
    assert f'data.load("{instead}")' in message
    data.load(instead)  # the advice is good


def test_a_server_that_refuses_is_named_with_its_answer(cache, server, monkeypatch):
    serve(server, monkeypatch, downloads.CIFAR10, {"cifar-10-binary.tar.gz": b""})
    server.files = {}
    with pytest.raises(ConnectionError, match=r"cifar-10-binary.tar.gz answered 404"):
        data.load("cifar10")


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10"])
def test_an_unknown_split_is_refused_before_any_download(cache, name):
    with pytest.raises(ValueError, match='"train" or "test", not \'validation\''):
        data.load(name, split="validation")


def test_known_checksums_are_sha256_over_https():
    for source in (downloads.MNIST, downloads.FASHION_MNIST, downloads.CIFAR10):
        assert all(len(bytes.fromhex(known)) == 32 for known in source["files"].values())
        assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in source["mirrors"])


def test_downloads_go_where_the_system_keeps_caches(monkeypatch):
    monkeypatch.delenv("COURSEKIT_DATA", raising=False)
    assert downloads.cache().name == "coursekit"
    assert downloads.cache().is_absolute()
