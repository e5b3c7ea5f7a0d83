"""Data sets that are too big to bundle: fetched once, checked against a known SHA-256, kept in a cache folder.

Both formats are read byte by byte, and never by unpickling, which would run whatever a file says.
"""

import gzip
import os
import tarfile
from pathlib import Path

__all__ = ["CIFAR10", "FASHION_MNIST", "MNIST", "cache", "cifar", "fetch", "idx"]

# Each set: the addresses of the folder that holds its files, tried in turn, and the files' SHA-256.
MNIST = {
    "mirrors": (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    "files": {
        "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
}
FASHION_MNIST = {
    "mirrors": (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    ),
    "files": {
        "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
}
CIFAR10 = {
    "mirrors": (
        "https://www.cs.toronto.edu/~kriz/",
        "https://cave.cs.toronto.edu/kriz/",
    ),
    "files": {"cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
}


def cache() -> Path:
    """The folder that keeps downloads: the system's own place for caches, or COURSEKIT_DATA where that is set."""
    import pooch

    return Path(os.environ.get("COURSEKIT_DATA") or pooch.os_cache("coursekit"))


def fetch(name: str, file: str, source: dict, instead: str) -> Path:
    """The path of one `file` of the set `name`, downloaded with a progress bar unless the cache holds it already.

    A file whose SHA-256 is not the known one is never kept. When no mirror gives the right file, raises
    `ConnectionError`, which says what to do and names `instead`, a bundled set for the same exercise.
    """
    import pooch
    from requests.exceptions import RequestException

    folder = cache() / name
    download = pooch.HTTPDownloader(progressbar=True, timeout=30)
    failures = []
    for mirror in source["mirrors"]:
        try:
            known = f"sha256:{source['files'][file]}"
            return Path(pooch.retrieve(mirror + file, known, fname=file, path=folder, downloader=download))
        except RequestException as error:
            reason = (
                f"answered {error.response.status_code}"
                if error.response is not None
                else "did not answer, or broke off"
            )
            failures.append((mirror, reason, error))
        except ValueError as error:  # pooch's word for a wrong checksum; it has deleted the file
            failures.append((mirror, "sent a file that is not the known one (its SHA-256 differs)", error))
    raise ConnectionError(
        f"{name!r} is not on this machine and could not be downloaded:\n"
        + "".join(f"  {mirror}{file} {reason}\n" for mirror, reason, _ in failures)
        + "What to do: go online and run this cell again; once downloaded, it needs no network.\n"
        + f"Or copy {', '.join(source['files'])} into {folder}.\n"
        + f"Or do the same exercise now, with no network: {instead}"
    ) from failures[-1][2]


def idx(path: Path):
    """The array of bytes in a gzipped IDX file, MNIST's format: uint8, of the shape that its header says.

    The header is 0, 0, 8 (bytes), the number of axes, then the length of each axis in four bytes, highest first.
    Raises `ValueError` where the file is anything else.
    """
    import numpy as np

    try:
        content = gzip.decompress(Path(path).read_bytes())
    except (OSError, EOFError) as error:
        raise ValueError(f"{path} is no whole gzip file: {error}") from error
    if content[:3] != bytes([0, 0, 8]) or len(content) < 4 + 4 * content[3]:
        raise ValueError(f"{path} is no IDX file of bytes")
    axes = content[3]
    shape = tuple(int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes))
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if values.size != np.prod(shape, dtype=object):
        raise ValueError(f"{path} says that its shape is {shape} but holds {values.size} bytes")
    return values.reshape(shape)


def cifar(path: Path, members: list[str]):
    """The images and classes in some members of CIFAR-10's archive in its binary version.

    A record is one byte of class, then the 32 × 32 bytes of red, of green, of blue. Returns uint8 arrays of shapes
    (n, 3, 32, 32) and (n,). Nothing is unpacked onto the disk. Raises `ValueError` where the file is anything else.
    """
    import numpy as np

    records = []
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in members:
                content = archive.extractfile(member).read()
                if not content or len(content) % 3073:
                    raise ValueError(
                        f"{member} in {path} holds {len(content)} bytes: no whole number of records of 3,073"
                    )
                records.append(np.frombuffer(content, np.uint8).reshape(-1, 3073))
    except (tarfile.TarError, OSError, EOFError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is not CIFAR-10's binary archive: {error}") from error
    records = np.concatenate(records)
    if records[:, 0].max() > 9:
        raise ValueError(f"{path} has a class beyond the ten of CIFAR-10")
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]
