"""Training deep networks: where weights start, how signals keep their size, and how to read what training says.

A weight has shape (n_out, n_in), as in `nn.Linear`. γ and β scale and shift a normalized unit (no margin here).
New tensors take the dtype and the device of those given.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


def xavier_uniform(
    weight: Float[Tensor, "n_out n_in"], generator: torch.Generator | None = None
) -> Float[Tensor, "n_out n_in"]:
    """New weights, evenly between −b and b, for layers that keep their signal on the way there and on the way back.

        b = √(6 / (n_in + n_out)),   so that the standard deviation b/√3 is √(2 / (n_in + n_out))

    The 6 is 2 · 3: the variance of U(−b, b) is b²/3, so a standard deviation is no bound.
    Glorot & Bengio (2010), equation 16.

    >>> xavier_uniform(torch.zeros(200, 100)).abs().max() <= (6 / 300) ** 0.5
    tensor(True)
    """
    n_out, n_in = weight.shape
    bound = math.sqrt(6 / (n_in + n_out))
    return torch.empty_like(weight).uniform_(-bound, bound, generator=generator)


def kaiming_normal(
    weight: Float[Tensor, "n_out n_in"], generator: torch.Generator | None = None
) -> Float[Tensor, "n_out n_in"]:
    """New weights from a Gaussian that makes up for the half of the mean square that a ReLU throws away.

        w ~ N(0, 2 / n_in),   so that the standard deviation is √(2 / n_in)

    n_in is the number of columns: `nn.Linear` keeps a row for each unit.
    He, Zhang, Ren & Sun (2015), equation 10.

    >>> kaiming_normal(torch.zeros(500, 200), torch.Generator().manual_seed(0)).std().mul(10).round()
    tensor(1.)
    """
    n_in = weight.shape[1]
    return torch.empty_like(weight).normal_(0, math.sqrt(2 / n_in), generator=generator)


def batch_norm(
    x: Float[Tensor, "n d"],
    gamma: Float[Tensor, "d"],
    beta: Float[Tensor, "d"],
    running_mean: Float[Tensor, "d"],
    running_var: Float[Tensor, "d"],
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Float[Tensor, "n d"], Float[Tensor, "d"], Float[Tensor, "d"]]:
    """Give each unit mean 0 and variance 1 over the batch, then a scale and a shift; remember what was typical.

        y = γ (x − μ)/√(v + ε) + β;   in training μ, v of the batch, and running ← (1 − m) running + m (batch's)

    Two variances: the batch is normalized with the biased one (over n), the running one learns the unbiased (over n − 1).
    Ioffe & Szegedy (2015), algorithms 1 and 2; the momentum is PyTorch's, the share of the new.

    >>> batch_norm(torch.tensor([[1.0], [3.0]]), torch.ones(1), torch.zeros(1), torch.zeros(1), torch.ones(1), True)[1]
    tensor([0.2000])
    """
    if training:
        mean, var = x.mean(dim=0), x.var(dim=0, correction=0)  # (d,)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * x.var(dim=0, correction=1)
    else:
        mean, var = running_mean, running_var
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta, running_mean, running_var


def batch_norm_backward(
    grad_y: Float[Tensor, "n d"], x: Float[Tensor, "n d"], gamma: Float[Tensor, "d"], eps: float = 1e-5
) -> tuple[Float[Tensor, "n d"], Float[Tensor, "d"], Float[Tensor, "d"]]:
    """From ∂L/∂y to ∂L/∂x, ∂L/∂γ and ∂L/∂β of batch norm in training.

        ∂L/∂x = γ/√(v + ε) · (g − mean(g) − x̂ mean(g x̂)),   ∂L/∂γ = Σ g x̂,   ∂L/∂β = Σ g

    Every x moves μ and v, and so every y: what is taken away is what a shift and a stretch of the batch would do.
    Ioffe & Szegedy (2015), section 3, the six equations of the backward pass in one.

    >>> batch_norm_backward(torch.tensor([[1.0], [1.0]]), torch.tensor([[2.0], [5.0]]), torch.ones(1))[0]
    tensor([[0.],
            [0.]])
    """
    scale = torch.sqrt(x.var(dim=0, correction=0) + eps)  # (d,)
    x_hat = (x - x.mean(dim=0)) / scale  # (n, d)
    grad_x = gamma / scale * (grad_y - grad_y.mean(dim=0) - x_hat * (grad_y * x_hat).mean(dim=0))
    return grad_x, (grad_y * x_hat).sum(dim=0), grad_y.sum(dim=0)


def layer_norm(
    x: Float[Tensor, "*batch d"], gamma: Float[Tensor, "d"], beta: Float[Tensor, "d"], eps: float = 1e-5
) -> Float[Tensor, "*batch d"]:
    """Give each example mean 0 and variance 1 over its own features, then a scale and a shift for each feature.

        y = γ (x − μ)/√(v + ε) + β,   μ and v over the last axis

    No example sees another: training and evaluation are the same, and a batch of one is as good as any.
    Ba, Kiros & Hinton (2016), equation 4 and section 3; the variance is the biased one.

    >>> layer_norm(torch.tensor([[1.0, 3.0], [10.0, 30.0]]), torch.ones(2), torch.zeros(2)).round()
    tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    mean = x.mean(dim=-1, keepdim=True)  # (*batch, 1)
    var = x.var(dim=-1, correction=0, keepdim=True)
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta


def predict_in_batches(model: nn.Module, x: Float[Tensor, "n d"], size: int) -> Float[Tensor, "n k"]:
    """What a trained model says of each example, in batches, whoever else is in its batch.

        evaluation mode (what layers do) and no_grad (what is recorded): two switches, both needed

    `no_grad` alone leaves batch norm in training: answers depend on the neighbors, and predicting changes the model.
    PyTorch's notes, "Autograd mechanics", section "Evaluation mode (nn.Module.eval())".
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        answers = [model(batch) for batch in x.split(size)]
    model.train(was_training)
    return torch.cat(answers)


def mystery_runs(train: Float[Tensor, "steps"], held_out: Float[Tensor, "steps"]) -> tuple[str, str]:
    """The cause and the mend of one training run, read off its two loss curves.

        non-finite or rising → rate too high;  no fall → signal dead;  a little → rate too low;
        held out never better → pipelines differ;  better, then worse → overfits;  else healthy

    The training loss is read first: while it does not fall, nothing that happens on held-out data means anything.
    Karpathy (2019), "A recipe for training neural networks".

    >>> mystery_runs(torch.linspace(2.3, 0.1, 50), torch.linspace(2.3, 0.2, 50))
    ('healthy', 'leave it')
    """
    last = train[-5:].mean() / train[0]
    if not torch.isfinite(train).all() or train.max() > 3 * train[0]:
        return "rate too high", "lower the rate"
    if last > 0.97:
        return "signal dead", "rescale the weights"
    if last > 0.5:
        return "rate too low", "raise the rate"
    if held_out.min() > 0.8 * held_out[0]:
        return "pipelines differ", "mend the data"
    if held_out[-5:].mean() > 1.3 * held_out.min():
        return "overfits", "stop earlier"
    return "healthy", "leave it"


def deepest(depth: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A network of `depth` linear layers that learns, and the optimizer that will train it.

        Kaiming:  Var[w] = 2 / n_in, so that E[h²] is the same in every layer of ReLUs

    With 1/n_in instead of 2/n_in the thirtieth layer receives 2⁻¹⁵ of the mean square of the first, and no step helps.
    He, Zhang, Ren & Sun (2015), section 2.2.
    """
    layers = []
    for i in range(depth):
        linear = nn.Linear(64, 4 if i == depth - 1 else 64)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    network = nn.Sequential(*layers[:-1])
    return network, torch.optim.Adam(network.parameters(), lr=1e-3)
