"""The two losses of the 1998 paper, on distances; smaller distances are better."""

import torch
from torch.nn.functional import pad


def distance_loss(distances, labels):
    """Return the mean distance to the right class: eq. 8. ``distances`` (N, 10), ``labels`` (N,)."""
    return distances.gather(1, labels[:, None]).mean()


def competitive_loss(distances, labels, j=None):
    """Return the mean of y_right + log(e^-j + Σ e^-y): eq. 9, which also pushes the wrong distances up.

    ``j`` > 0: a wrong distance beyond about j is far enough. Left out, the term e^-j is too; what remains is the
    cross-entropy of -y.
    """
    rest = -distances
    if j is not None:
        rest = pad(rest, (0, 1), value=-float(j))
    return distance_loss(distances, labels) + torch.logsumexp(rest, 1).mean()
