"""Files that are written whole or not at all: weights, and trainings that can go on."""

import io
import os
from dataclasses import asdict
from pathlib import Path

import torch


def save_weights(model, path):
    """Write the weights of ``model`` to the file ``path``, whole or not at all."""
    write_whole(path, model.state_dict())


def load_weights(model, path):
    """Read weights that ``save_weights`` wrote into ``model``; return the model."""
    put_weights(model, read_file(path), path)
    return model


def put_weights(model, weights, path):
    """Put ``weights``, read from ``path``, into ``model``: all of them or, with an error, none."""
    wanted = {name: tuple(values.shape) for name, values in model.state_dict().items()}
    found = weights if isinstance(weights, dict) else {}
    found = {name: tuple(getattr(values, "shape", ())) for name, values in found.items()}
    if found != wanted:
        names = sorted(str(name) for name in wanted | found if wanted.get(name) != found.get(name))
        raise ValueError(
            f"{path} does not hold the weights of a {type(model).__name__}: {', '.join(names[:4])} differ or are "
            "missing. Name another file, or make the model that the file was written from."
        )
    model.load_state_dict(weights)


def save_checkpoint(path, model, optimizer, scheduler, history, settings):
    """Write all that a training needs to go on from here to the file ``path``, whole or not at all."""
    state = {
        "settings": settings,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict() if scheduler else None,
        "history": asdict(history),
    }
    write_whole(path, state)


def load_checkpoint(path, model, optimizer, scheduler, history, settings):
    """Put a training back to where ``save_checkpoint`` left it; return False where there is no file."""
    if not Path(path).exists():
        return False
    state = read_file(path)
    if not isinstance(state, dict) or "settings" not in state:
        raise ValueError(f"{path} is not a checkpoint of a training; name another file")
    differing = [
        f"{name}: {state['settings'].get(name)!r} there, {value!r} here"
        for name, value in settings.items()
        if state["settings"].get(name) != value
    ]
    if differing:
        raise ValueError(
            f"{path} is of another training ({'; '.join(differing)}). Make them equal to go on; to begin anew, delete "
            "it or name another file."
        )
    put_weights(model, state["model"], path)
    optimizer.load_state_dict(state["optimizer"])
    if scheduler:
        scheduler.load_state_dict(state["scheduler"])
    for name, values in state["history"].items():
        setattr(history, name, values)
    return True


def write_whole(path, contents):
    """Write with ``torch.save`` beside ``path`` first, then rename: a full disk or a crash leaves the old file."""
    path = Path(path)
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(buffer.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            error.errno,
            f"{path} could not be written ({error.strerror}). What it held before is untouched: make room or name "
            "another file, then run the cell again.",
        ) from error


def read_file(path):
    """Return what ``write_whole`` wrote, on the CPU. Only tensors and plain values are read, never code."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # what torch.load raises on a file that is none depends on its first bytes
        raise ValueError(f"{path} is not a file of weights that PyTorch can read safely: {error}") from error
