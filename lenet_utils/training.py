"""One training loop, with a log to read, checkpoints that survive, and no waiting for the device."""

import time
from dataclasses import dataclass, field
from functools import partial
from math import ceil, isfinite

import torch
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR

from lenet_utils.checkpoints import load_checkpoint, save_checkpoint
from lenet_utils.evaluation import choose_classes, evaluate


@dataclass
class History:
    """What a training reached, epoch by epoch; ``step_loss`` and ``lr`` step by step. Fractions, seconds."""

    loss: list[float] = field(default_factory=list)  # mean training loss over the epoch
    accuracy: list[float] = field(default_factory=list)  # training accuracy over the epoch, while it learns
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    step_loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)


def fit(
    model, data, *, epochs, batch_size=64, optimizer=None, schedule=None, augment=None, validation=None,
    loss_function=cross_entropy, log="steps", checkpoint=None, seed=0,
):  # fmt: skip
    """Train ``model`` on ``data``; return its ``History``.

    ``data``, ``validation``: ``ImageSet`` on the model's device. ``optimizer``: a torch optimizer over the model's
    parameters; Adam with 1e-3 if left out. ``schedule``: a function (optimizer, total_steps) that returns a torch
    scheduler, stepped after every batch; ``one_cycle`` is one. ``augment``: a function (images, generator) that
    returns distorted images. ``loss_function``: a function (outputs, labels) that returns their mean loss. ``log``:
    "steps" prints the loss every 100 steps, "epochs" a line per epoch, None is quiet. ``checkpoint``: a file, written
    at the start and after every epoch; the same call with the same file goes on from there, on a CPU with as many
    threads to the very weights of an uninterrupted training. ``seed`` decides the order of the images and the
    distortions; the initial weights are the model's own.
    """
    device = next(model.parameters()).device
    steps = check_arguments(data, device, epochs, batch_size, log)
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    if optimizer.param_groups[0]["params"][0] not in set(model.parameters()):
        raise ValueError("the optimizer is of another model: make a new one from model.parameters()")
    scheduler = schedule(optimizer, epochs * steps) if schedule else None
    history = History()
    settings = {
        "model": f"{type(model).__name__}({getattr(model, 'activation', '')})",
        "everywhere": getattr(model, "everywhere", None), "data": repr(data), "epochs": epochs,
        "batch_size": batch_size, "optimizer": type(optimizer).__name__, "lr": optimizer.defaults["lr"],
        "schedule": scheduler and type(scheduler).__name__,
        "augment": augment and name_function(augment),
        "loss_function": name_function(loss_function), "seed": seed,
    }  # fmt: skip
    if checkpoint:
        if not load_checkpoint(checkpoint, model, optimizer, scheduler, history, settings):
            save_checkpoint(checkpoint, model, optimizer, scheduler, history, settings)  # to begin again from here
        if history.loss and log:
            print(f"Resuming from {checkpoint}: {len(history.loss)} of {epochs} epochs are done")

    for epoch in range(len(history.loss), epochs):
        start = time.perf_counter()
        generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)  # on the CPU: one order on every device
        order = torch.randperm(len(data), generator=generator).to(device)
        losses = torch.empty(steps, device=device)
        rates = []
        correct = torch.zeros((), dtype=torch.int64, device=device)
        model.train()
        for step in range(steps):
            images, labels = data[order[step * batch_size : (step + 1) * batch_size]]
            if augment:
                images = augment(images, generator)
            outputs = model(images)
            loss = loss_function(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.append(optimizer.param_groups[0]["lr"])
            if scheduler:
                scheduler.step()
            losses[step] = loss.detach()  # stays on the device: reading it here would make a GPU wait
            correct += (choose_classes(model, outputs.detach()) == labels).sum()
            if log == "steps" and (step + 1) % 100 == 0:
                print(f"Epoch [{epoch + 1}/{epochs}], Step [{step + 1}/{steps}], Loss: {loss.item():.4f}")
                check_finite(loss.item(), epoch, optimizer)
        record_epoch(history, losses, correct, rates, len(data), batch_size)
        check_finite(history.loss[-1], epoch, optimizer)
        if validation:
            loss, accuracy = evaluate(model, validation, loss_function)
            history.validation_loss.append(loss)
            history.validation_accuracy.append(accuracy)
        history.seconds.append(time.perf_counter() - start)
        if log == "epochs":
            print_epoch(history, epochs)
        if checkpoint:
            save_checkpoint(checkpoint, model, optimizer, scheduler, history, settings)
    return history


def one_cycle(optimizer, total_steps):
    """Let the learning rate rise to the optimizer's own, then fall to nothing (Smith and Topin, 2018)."""
    peaks = [group.get("max_lr", group["lr"]) for group in optimizer.param_groups]  # max_lr: of an earlier training
    return OneCycleLR(optimizer, max_lr=peaks, total_steps=total_steps, cycle_momentum=False)


def name_function(function):
    """Return the name of a function, with what a ``functools.partial`` has set, e.g. "competitive_loss(j=10.0)"."""
    if isinstance(function, partial):
        return (
            f"{name_function(function.func)}({', '.join(f'{key}={value}' for key, value in function.keywords.items())})"
        )
    return getattr(function, "__name__", type(function).__name__)


def check_arguments(data, device, epochs, batch_size, log):
    """Raise an error that names a wrong argument of ``fit``; return the number of steps in an epoch."""
    if data.images.device != device:
        raise ValueError(
            f"the images are on {data.images.device}, the model is on {device}: "
            "use device = pick_device(), load_mnist(device) and model.to(device)"
        )
    if not isinstance(epochs, int) or epochs < 1:
        raise ValueError(f"epochs is a whole number from 1 on, not {epochs!r}")
    if not isinstance(batch_size, int) or not 1 <= batch_size <= len(data):
        raise ValueError(
            f"batch_size is a whole number from 1 to {len(data)} (the images there are), not {batch_size!r}"
        )
    if log not in ("steps", "epochs", None):
        raise ValueError(f'log is "steps", "epochs" or None, not {log!r}')
    return ceil(len(data) / batch_size)


def check_finite(loss, epoch, optimizer):
    """Stop a training whose loss is no longer a number, with advice."""
    if not isfinite(loss):
        lr = optimizer.param_groups[0]["lr"]
        raise FloatingPointError(
            f"The loss became {loss} in epoch {epoch + 1}; these weights are lost. The learning rate ({lr:.2g} now) is "
            "probably too high: make a new model and try a third of it. If that does not help, look for bad values "
            "in the images. A checkpoint of the epoch before is untouched."
        )


def record_epoch(history, losses, correct, rates, images, batch_size):
    """Add one epoch to ``history``; the last batch may be smaller and counts as what it is."""
    losses = losses.tolist()
    last = images - batch_size * (len(losses) - 1)
    history.loss.append((batch_size * sum(losses[:-1]) + last * losses[-1]) / images)
    history.accuracy.append(correct.item() / images)
    history.step_loss += losses
    history.lr += rates


def print_epoch(history, epochs):
    """Print the last epoch of ``history`` as one line."""
    line = f"Epoch [{len(history.loss)}/{epochs}], loss ≈ {history.loss[-1]:.4f}"
    if history.validation_accuracy:
        line += f", validation accuracy ≈ {history.validation_accuracy[-1]:.2%}"
    print(line)
