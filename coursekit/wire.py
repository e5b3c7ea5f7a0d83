"""Values as bytes, and back: for recorded cases and for the pipe between student and referee.

One safetensors blob holds a tree (JSON: plain values and the places of arrays) and the arrays, raw,
each with its dtype and shape. Nothing in it can run code, whoever wrote it; there is no pickle.

What travels: None, bool, int, float, str, bytes, lists, tuples, dicts with string keys, NumPy
scalars and arrays, PyTorch tensors (with the kind of device they were on; a ``meta`` tensor travels
as shape and dtype alone; a Parameter travels as the tensor it holds). Types are exact: any other subclass is refused.
"""

import json
import sys

DTYPES = set("bool uint8 int8 uint16 int16 uint32 int32 uint64 int64 float16 float32 float64 complex64".split())
BFLOAT16 = "bfloat16"  # NumPy has none: its bits travel as uint16
DEPTH = 20
TREE = "tree"


PAIR = "a pair of values and indices (take its `.values` or `.indices`)"


class Unsendable(TypeError):
    """A value that cannot travel; the message says which type, and where in the value it stands."""


class Malformed(ValueError):
    """Bytes that are not a value written by `pack`."""


def pack(value):
    """Write `value` as bytes. Raises `Unsendable` where it holds anything but the plain types above."""
    import numpy as np
    from safetensors.numpy import save

    arrays = {}
    tree = json.dumps(_encode(value, arrays, where="", depth=DEPTH))
    return save({**arrays, TREE: np.frombuffer(tree.encode(), dtype=np.uint8)})


def unpack(data):
    """Read what `pack` wrote. Raises `Malformed` for anything else: the bytes may come from anyone."""
    from safetensors.numpy import load

    try:
        arrays = load(bytes(data))
        tree = json.loads(arrays.pop(TREE).tobytes())
        return _decode(tree, arrays, depth=DEPTH)
    except Malformed:
        raise
    except Exception as error:  # whatever hostile bytes provoke is one thing to the caller
        raise Malformed(f"not a packed value: {type(error).__name__}: {error}") from error


def copy(value):
    """A deep copy by way of the wire: exactly what the other side would see."""
    return unpack(pack(value))


def _encode(value, arrays, where, depth):
    kind = type(value)
    if depth == 0:
        raise Unsendable(f"something nested more than {DEPTH} deep")
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (list, tuple):
        return {kind.__name__: [_encode(v, arrays, f"{where}[{i}]", depth - 1) for i, v in enumerate(value)]}
    if kind is dict:
        for key in value:
            if type(key) is not str:
                raise Unsendable(f"a dict with a key of type {type(key).__name__}")
        return {"dict": {k: _encode(v, arrays, f"{where}[{k!r}]", depth - 1) for k, v in value.items()}}
    if kind is bytes:
        return {"bytes": value.hex()}
    if kind.__module__ == "numpy" or _is_tensor(value):
        return _encode_array(value, arrays, where)
    pair = kind.__module__ == "torch.return_types"  # of `x.max(dim=0)`, say
    raise Unsendable(_place(PAIR if pair else _article(kind.__name__), where))


def _encode_array(value, arrays, where):
    import numpy as np

    if _is_tensor(value):
        dtype = str(value.dtype).removeprefix("torch.")
        if value.device.type == "meta" and dtype in DTYPES | {BFLOAT16}:
            return {"meta": list(value.shape), "dtype": dtype}
        if value.is_sparse or value.is_quantized or dtype not in DTYPES | {BFLOAT16}:
            raise Unsendable(_place(f"a tensor of dtype {value.dtype} and layout {value.layout}", where))
        return {"tensor": _store(arrays, _tensor_to_numpy(value)), "dtype": dtype, "device": value.device.type}
    if type(value) is np.ndarray and value.dtype.name in DTYPES:
        return {"array": _store(arrays, np.ascontiguousarray(value).reshape(value.shape))}
    if isinstance(value, np.generic) and value.dtype.name in DTYPES:
        return {"scalar": _store(arrays, np.asarray(value))}
    dtype = f" of dtype {value.dtype}" if isinstance(value, np.ndarray | np.generic) else ""
    raise Unsendable(_place(_article(type(value).__name__) + dtype, where))


def _is_tensor(value):
    torch = sys.modules.get("torch")  # no tensor without torch; no torch for a value without tensors
    return torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter)


def _tensor_to_numpy(tensor):
    import torch

    plain = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    return (plain.view(torch.uint16) if plain.dtype is torch.bfloat16 else plain).numpy()


def _store(arrays, array):
    name = str(len(arrays))
    arrays[name] = array
    return name


def _decode(node, arrays, depth):
    if depth == 0:
        raise Malformed(f"nested more than {DEPTH} deep")
    if node is None or type(node) in (bool, int, float, str):
        return node
    match node:
        case {"list": items}:
            return [_decode(v, arrays, depth - 1) for v in items]
        case {"tuple": items}:
            return tuple(_decode(v, arrays, depth - 1) for v in items)
        case {"dict": items}:
            return {k: _decode(v, arrays, depth - 1) for k, v in items.items()}
        case {"bytes": data}:
            return bytes.fromhex(data)
        case {"array": name}:
            return arrays[name]
        case {"scalar": name}:
            return arrays[name][()]
        case {"tensor": name, "dtype": dtype, "device": device}:
            return _decode_tensor(arrays[name], dtype, device)
        case {"meta": shape, "dtype": dtype}:
            import torch

            return torch.empty(shape, dtype=getattr(torch, dtype), device="meta")
    raise Malformed("an unknown node in the tree")


def _decode_tensor(array, dtype, device):
    """The tensor, on the CPU if this machine has no `device`: a judge without a GPU can read what one computed."""
    import torch

    tensor = torch.from_numpy(array)
    if dtype == BFLOAT16:
        tensor = tensor.view(torch.bfloat16)
    here = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    return tensor.to(device) if here.get(device, bool)() else tensor


def _article(noun):
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _place(what, where):
    return f"{what} at {where}" if where else what
