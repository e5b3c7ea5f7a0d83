"""What is packed is what comes out; what cannot travel says so; hostile bytes are refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from coursekit import wire

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(plain)
def test_plain_values_come_back_equal_and_of_the_same_type(value):
    again = wire.copy(value)
    assert again == value
    assert repr(again) == repr(value)  # 1 is not True is not 1.0


@pytest.mark.parametrize("dtype", sorted(wire.DTYPES))
def test_arrays_keep_dtype_shape_and_values(dtype):
    array = np.arange(6).reshape(2, 3).T.astype(dtype)
    again = wire.copy(array)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert (again == array).all()
    scalar = wire.copy(array[1, 1])
    assert type(scalar) is type(array[1, 1])
    assert scalar == array[1, 1]


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0).reshape(2, 3).T,
        torch.tensor(3),
        torch.zeros(0, 4),
        torch.ones(2, dtype=torch.bfloat16),
        torch.tensor([True, False]),
        torch.ones(3, requires_grad=True) * 2,
        torch.tensor([math.nan, math.inf]),
    ],
)
def test_tensors_keep_dtype_shape_and_values(tensor):
    again = wire.copy(tensor)
    assert (again.dtype, again.shape, again.requires_grad) == (tensor.dtype, tensor.shape, False)
    assert torch.equal(again.isnan(), tensor.isnan())
    assert torch.equal(again.nan_to_num(), tensor.detach().nan_to_num())


def test_a_parameter_travels_as_the_tensor_it_holds():
    again = wire.copy(torch.nn.Parameter(torch.ones(2)))
    assert type(again) is torch.Tensor
    assert again.tolist() == [1, 1]


def test_a_meta_tensor_travels_as_its_form():
    again = wire.copy(torch.empty(2, 5, device="meta", dtype=torch.float64))
    assert (again.device.type, again.shape, again.dtype) == ("meta", (2, 5), torch.float64)


def test_what_comes_out_shares_no_memory_with_what_went_in():
    array, tensor = np.zeros(3), torch.zeros(3)
    first, second = wire.copy((array, tensor))
    first += 1
    second += 1
    assert array.sum() == tensor.sum() == 0


def test_the_same_value_gives_the_same_bytes():
    value = {"x": [np.ones(3), torch.zeros(2)], "n": 1}
    assert wire.pack(value) == wire.pack(wire.copy(value))


class MyFloat(float):
    pass


class MyTensor(torch.Tensor):
    pass


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "an object"),
        ([1, range(3)], r"a range at \[1\]"),
        ({"w": {1, 2}}, r"a set at \['w'\]"),
        ({1: 2}, "key of type int"),
        (MyFloat(2), "MyFloat"),
        (torch.ones(2).as_subclass(MyTensor), "MyTensor"),
        (torch.nn.Linear(1, 1), "a Linear"),
        (np.array([object()]), "dtype object"),
        (np.rec.array([1]), "recarray"),
        (np.ma.masked_array([1.0]), "MaskedArray"),
        (np.array(["2001"], dtype="datetime64"), "datetime64"),
        (torch.ones(2).to_sparse(), "layout"),
        ((x for x in ()), "generator"),
        (torch.ones(2, 3).max(dim=1), "a pair of values and indices"),
    ],
)
def test_what_cannot_travel_is_refused_by_name_and_place(value, said):
    with pytest.raises(wire.Unsendable, match=said):
        wire.pack(value)


def test_a_value_that_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(wire.Unsendable, match="deep"):
        wire.pack(loop)


def tree(text):
    return save({"tree": np.frombuffer(text.encode(), dtype=np.uint8)})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04\x95",
        b"\xff" * 64,
        save({"other": np.zeros(3)}),
        tree("["),
        tree("[1]"),
        tree('{"array": "7"}'),
        tree('{"tuple": 3}'),
        tree('{"eval": "1"}'),
        tree('{"tensor": "tree", "dtype": 1}'),
        tree('{"meta": [2], "dtype": "__class__"}'),
        tree('{"list": [' * 50 + "]}" * 50),
        tree("[" * 100_000),
        tree("1" * 10_000),
    ],
)
def test_bytes_that_are_no_packed_value_are_refused(data):
    with pytest.raises(wire.Malformed):
        wire.unpack(data)
