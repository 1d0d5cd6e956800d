"""The diagonal Gauss-Newton estimate of the 1998 paper (Appendix C): how strongly the loss bends along each weight."""

import torch
from torch.func import functional_call, jacrev, vmap

from lenet_utils.summary import record_calls


def estimate_curvature(model, images, labels, loss_function):
    """Return {parameter's name: estimate, of its shape} of the loss' second derivatives, the mean over ``images``.

    ``model``: a ``LeNet1998``, or a network with the same kind of layers and an ``output`` that learns nothing.
    The paper's three simplifications: of each layer's matrix of second derivatives only the diagonal is carried back;
    the activations' own second derivatives are left out, so nothing becomes negative; and for a shared weight the
    terms of its connections are added up.
    """
    calls = record_calls(model, images)
    features = calls[-1][1]  # what the output layer gets

    def loss(feature, label):
        return loss_function(model.output(feature[None]), label[None])

    bend = torch.diagonal(vmap(jacrev(jacrev(loss)))(features, labels), dim1=1, dim2=2)
    bend = bend.clamp(min=0)  # both losses are convex here: below 0 is rounding
    names = {layer: name for name, layer in model.named_children()}
    estimates = {}
    for layer, inputs, output in reversed(calls[:-1]):
        bend = bend.reshape(output.shape)
        if not list(layer.parameters()):
            bend = bend * differentiate(layer, inputs) ** 2  # an activation
            continue
        bend, terms = carry_back(layer, inputs, bend)
        estimates |= {f"{names[layer]}.{name}": term / len(images) for name, term in terms.items()}
    return estimates


def differentiate(activation, sums):
    """Return the derivative of an ``activation`` at each of the ``sums``."""
    sums = sums.detach().requires_grad_()
    return torch.autograd.grad(activation(sums).sum(), sums)[0]


def carry_back(layer, inputs, bend):
    """Carry ``bend``, the second derivatives by a layer's outputs, back to its inputs and its parameters.

    The output is a sum of weight times input over the connections, plus a bias. So a connection hands on its squared
    weight times ``bend`` to its input, and its squared input times ``bend`` to its weight: what ordinary
    backpropagation does, with squares in place of weights and inputs.
    """
    parameters = dict(layer.named_parameters())
    squares = {name: value if name == "bias" else value.detach() ** 2 for name, value in parameters.items()}
    places = torch.zeros_like(inputs, requires_grad=True)
    below = torch.autograd.grad((functional_call(layer, squares, places) * bend).sum(), places)[0]
    terms = torch.autograd.grad((functional_call(layer, parameters, inputs**2) * bend).sum(), list(parameters.values()))
    return below, dict(zip(parameters, terms, strict=True))
