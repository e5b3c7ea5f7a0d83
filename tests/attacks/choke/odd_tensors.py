# ---
# jupyter:
#   attack:
#     tries: Returns sparse, quantized, complex, nested, strided and half tensors.
# ---

# %% answer="total"
import torch


def total(x):
    if x.ndim == 1:
        return torch.eye(3).to_sparse()
    return [
        torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8),
        torch.eye(3).to_sparse_csr(),
        torch.zeros(1).expand(10**12),
        torch.ones(2, dtype=torch.complex64).conj(),
        torch.ones(2, dtype=torch.bfloat16),
    ]
