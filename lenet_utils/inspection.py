"""Looking inside a network: its maps, what it looks at, and what its units like best. No trace is left on the model."""

import torch
from torch.nn.functional import avg_pool2d, cross_entropy, pad

from lenet_utils.summary import summarize


@torch.no_grad()
def capture_maps(model, images, *, sums=False):
    """Return {layer: its output for ``images``, after the activation where one follows}, in the forward pass's order.

    Maps (N, C, H, W), vectors (N, units); the last are the logits. ``sums``: the outputs before the activation.
    """
    names = {layer: name for name, layer in model.named_children() if layer is not model.activation}
    outputs, latest = {}, None

    def remember(layer, inputs, output):
        nonlocal latest
        if layer in names:
            latest = names[layer]
            outputs[latest] = output
        elif not sums:
            outputs[latest] = output

    hooks = [layer.register_forward_hook(remember) for layer in model.children()]
    try:
        model(images)
    finally:
        for hook in hooks:
            hook.remove()
    outputs.pop("flatten", None)  # it only lays the values of S4 in a row
    return outputs


def measure_gradients(model, images, labels):
    """Return {layer: the length of the gradient of the loss with respect to its sums, the mean over ``images``}.

    Images (N, 1, H, W), labels (N,). The sums are the layer's outputs before an activation.
    """
    layers = {row.name: model.get_submodule(row.name) for row in summarize(model)}
    sums = {}

    def remember(name):
        return lambda layer, inputs, output: sums.update({name: output})

    hooks = [layer.register_forward_hook(remember(name)) for name, layer in layers.items()]
    try:
        loss = cross_entropy(model(images), labels, reduction="sum")
    finally:
        for hook in hooks:
            hook.remove()
    gradients = torch.autograd.grad(loss, list(sums.values()))
    return {name: values.flatten(1).norm(dim=1).mean().item() for name, values in zip(sums, gradients, strict=True)}


def compute_saliency(model, image, label):
    """Return the gradient of the logit of class ``label`` with respect to every pixel of ``image`` (1, H, W): (H, W).

    Where it is positive, a brighter pixel speaks for the class; where it is negative, against it. In logits per unit
    of the scaled pixel (Simonyan, Vedaldi and Zisserman, 2014).
    """
    pixels = image.detach().clone().requires_grad_()
    logit = model(pixels[None])[0, label]
    return torch.autograd.grad(logit, pixels)[0].squeeze(0)


@torch.no_grad()
def occlude(model, image, label, *, side=5):
    """Return (H, W): by how much the logit of class ``label`` falls when a square of background covers ``image``.

    ``image``: (1, H, W); its smallest value is taken for the background. ``side``: of the square centred on each
    pixel, odd, in pixels; at the border it is cut off (Zeiler and Fergus, 2014).
    """
    if side % 2 == 0 or not 0 < side <= min(image.shape[1:]):
        raise ValueError(f"side is an odd number from 1 to the image's side, {min(image.shape[1:])}, not {side!r}")
    height, width = image.shape[1:]
    rows, columns = torch.arange(height, device=image.device), torch.arange(width, device=image.device)
    near_row = (rows[:, None] - rows).abs() <= side // 2  # (centre, row)
    near_column = (columns[:, None] - columns).abs() <= side // 2
    covered = near_row[:, None, :, None] & near_column[None, :, None, :]  # (row of the centre, column, H, W)
    images = torch.where(covered.view(-1, 1, height, width), image.min(), image)
    return (model(image[None])[0, label] - model(images)[:, label]).view(height, width)


@torch.no_grad()
def find_patches(model, data, name, count=8):
    """Return, for each map of layer ``name``, the patches of the images in ``data`` that it answers to most.

    (maps, count, field, field), field being the side of what a unit sees; each map's are from ``count`` different
    images, the strongest first; in scaled pixels, background where the field reaches beyond the image. The sums are
    compared, before the activation: a saturated tanh makes thousands of them equal.
    """
    row = find_layer(model, name)
    if len(row.shape) < 3:
        raise ValueError(f"{name} makes no maps but {row.shape[0]} numbers; a layer with maps comes before it")
    images = data[:][0]
    strongest, places = capture_maps(model, images, sums=True)[name].flatten(2).max(2)  # (N, maps)
    margin = row.field
    padded = pad(images[:, 0], (margin, margin, margin, margin), value=images.min().item())

    def cut(index, channel):
        down, right = divmod(places[index, channel].item(), row.shape[-1])
        top, left = (row.start + place * row.step + margin for place in (down, right))
        return padded[index, top : top + row.field, left : left + row.field]

    best = strongest.topk(count, dim=0).indices.T.tolist()  # (maps, count)
    return torch.stack([torch.stack([cut(i, channel) for i in indices]) for channel, indices in enumerate(best)])


def maximize_units(
    model, name, channels, *, limits=(-0.42, 2.82), steps=200, lr=0.1, decay=0.03, blur=0.2, jitter=2, seed=0
):
    """Return the images (units, H, W) that gradient ascent finds for units of layer ``name``.

    ``channels``: their numbers; of a map it is the middle unit. What grows is the unit's sum, before the activation.
    ``limits``: the values of background and foreground, here those of MNIST's standard scaling. Three things keep the
    images simple: in each step every pixel loses the fraction ``decay`` of its distance to the background, mixes with
    the mean of its 3×3 neighbours by the fraction ``blur``, and the image is shown moved by up to ``jitter`` pixels at
    random; all 0: none of it (Erhan et al., 2009; Olah, Mordvintsev and Schubert, 2017).
    """
    shape = find_layer(model, name).shape
    layer, sums = model.get_submodule(name), {}
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    low, high = limits
    noise = torch.rand(1, *model.input_shape, generator=generator).to(device)  # the same start for all
    pixels = (low + 0.1 * (high - low) * noise).repeat(len(channels), 1, 1, 1)
    place = (torch.arange(len(channels)), torch.tensor(channels), *(side // 2 for side in shape[1:]))
    hook = layer.register_forward_hook(lambda layer, inputs, output: sums.update(output=output))
    try:
        for _ in range(steps):
            move = tuple(torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist())
            pixels.requires_grad_()
            model(pixels.roll(move, (2, 3)))
            gradient = torch.autograd.grad(sums["output"][place].sum(), pixels)[0]
            gradient /= gradient.abs().amax((1, 2, 3), keepdim=True).clamp_min(1e-12)
            pixels = pixels.detach() + lr * gradient
            pixels = pixels.lerp(avg_pool2d(pad(pixels, (1, 1, 1, 1), value=low), 3, stride=1), blur)
            pixels = pixels.lerp(torch.full_like(pixels, low), decay).clamp(low, high)
    finally:
        hook.remove()
    return pixels[:, 0]


def find_layer(model, name):
    """Return the ``Layer`` of ``summarize(model)`` called ``name``; an unknown one is an error that lists them."""
    rows = {row.name: row for row in summarize(model)}
    if name not in rows:
        raise ValueError(f"{type(model).__name__} has no layer {name!r}; it has {', '.join(rows)}")
    return rows[name]
