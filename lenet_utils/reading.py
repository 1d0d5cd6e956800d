"""Reading rows of digits with a network that slides over the image: its loss, its decoder, and how well it does."""

import torch
from torch.nn.functional import cross_entropy, ctc_loss, log_softmax

from lenet_utils.strings import STEP
from lenet_utils.training import check_finite, one_cycle

BLANK = 10  # the class after the ten digits: "no digit here"


def cut_windows(images, step=STEP):
    """Return the windows (N, positions, 1, 32, 32) of ``images`` (N, 1, 32, W), ``step`` pixels apart."""
    return images.unfold(3, 32, step).permute(0, 3, 1, 2, 4)


def string_loss(scores, labels):
    """Return the mean over strings of -log of the probability of ``labels``, summed over all their alignments.

    ``scores`` (N, positions, 11), ``labels`` (N, longest), -1 after the last. Connectionist temporal classification
    (Graves et al., 2006): every path of one class per position counts that reads as the string once its repeats are
    merged and its blanks dropped.
    """
    count, positions, _ = scores.shape
    lengths = (labels >= 0).sum(1)
    places = torch.full((count,), positions, device=scores.device)
    losses = ctc_loss(
        log_softmax(scores, 2).transpose(0, 1), labels.clamp_min(0), places, lengths, blank=BLANK, reduction="none"
    )
    return losses.mean()


def position_loss(scores, labels):
    """Return the mean cross-entropy of ``scores`` (N, positions, 11) with the class of each position, -1 left out."""
    return cross_entropy(scores.transpose(1, 2), labels, ignore_index=-1)


def decode(scores):
    """Return the digits, as text, that the best path through ``scores`` (N, positions, 11) stands for.

    The best class at each position; repeats merged, blanks dropped.
    """
    texts = []
    for path in scores.argmax(2).tolist():
        kept = [label for label, before in zip(path, [BLANK, *path], strict=False) if label not in (before, BLANK)]
        texts.append("".join(map(str, kept)))
    return texts


@torch.inference_mode()
def read(model, images, batch_size=250):
    """Return what ``model``, a ``WideLeNet5`` with a class for blanks, reads in ``images`` (N, 1, 32, W): N texts."""
    if model.output.out_features != BLANK + 1:
        raise ValueError(
            f"to read, a network needs {BLANK + 1} classes, ten digits and the blank; this one has "
            f"{model.output.out_features}: make it with WideLeNet5(classes={BLANK + 1}) and train it on strings"
        )
    parts = [decode(model(images[start : start + batch_size])) for start in range(0, len(images), batch_size)]
    return [text for part in parts for text in part]


def edit_distance(text, other):
    """Return the fewest insertions, deletions and replacements that make ``text`` the ``other`` (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, character in enumerate(text, 1):
        above, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (character != wanted))
    return row[-1]


def write_labels(labels):
    """Return the rows of ``labels`` (N, longest), -1 after the last, as texts."""
    return ["".join(str(label) for label in row if label >= 0) for row in labels.tolist()]


def score_reading(texts, truths):
    """Return the fraction of digits read, 1 - edit distance / digits, and the fraction of strings read whole."""
    distance = sum(edit_distance(text, truth) for text, truth in zip(texts, truths, strict=True))
    whole = sum(text == truth for text, truth in zip(texts, truths, strict=True))
    return 1 - distance / sum(map(len, truths)), whole / len(truths)


def fit_reader(model, make_batch, *, steps, lr, loss_function=string_loss, seed=0, log=True):
    """Train ``model`` on batches that are drawn anew for every step; return the loss of each step.

    ``make_batch``: a function from a CPU generator to images and what ``loss_function`` takes as labels, such as
    ``lambda generator: make_strings(digits, 64, generator)[:2]``. Stochastic gradient descent with Nesterov momentum,
    its rate along one cycle with the peak ``lr``; gradients longer than 1 are cut to that length, for the first steps
    are wild. ``log``: print the mean loss of every hundred steps.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
    scheduler = one_cycle(optimizer, steps)
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for step in range(steps):
        images, labels = make_batch(generator)
        loss = loss_function(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        check_finite(losses[-1], 0, optimizer)
        if log and (step + 1) % 100 == 0:
            print(f"Step [{step + 1}/{steps}], loss ≈ {sum(losses[-100:]) / 100:.4f}")
    return losses
