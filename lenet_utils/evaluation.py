"""How well a network does: every measure is a sum over images, so the batch size never changes it."""

import torch
from torch.nn.functional import cross_entropy


@torch.inference_mode()
def compute_logits(model, data, batch_size=1000):
    """Return the logits (N, classes) of every image of the ``ImageSet`` ``data``, on its device.

    Or what else the network's outputs are: those of ``LeNet1998`` are distances.
    """
    was_training = model.training
    model.eval()
    try:
        parts = [model(data[start : start + batch_size][0]) for start in range(0, len(data), batch_size)]
    finally:
        model.train(was_training)
    return torch.cat(parts)


def choose_classes(model, outputs):
    """Return the class (N,) that each row of the model's ``outputs`` (N, classes) stands for.

    That of the largest logit; of a network whose outputs are distances, that of the smallest.
    """
    return outputs.argmin(1) if getattr(model, "smaller_is_better", False) else outputs.argmax(1)


def evaluate(model, data, loss_function=cross_entropy):
    """Return the mean loss (of cross-entropy: in nats) and the accuracy (a fraction) of ``model`` on ``data``."""
    outputs = compute_logits(model, data)
    correct = (choose_classes(model, outputs) == data.labels).sum().item()
    return loss_function(outputs, data.labels).item(), correct / len(data)


def report_accuracy(model, test):
    """Print the accuracy on the test set in the words of the reference log; return it as a fraction."""
    accuracy = evaluate(model, test)[1]
    print(f"Test Accuracy of the model on the {len(test)} test images: {accuracy:.2%}")
    return accuracy


def confusion_matrix(labels, predictions, classes=10):
    """Count (true class, predicted class) pairs: int64 (classes, classes), a row for each true class."""
    pairs = labels * classes + predictions
    return torch.bincount(pairs, minlength=classes * classes).view(classes, classes)


def class_accuracy(confusion):
    """Return the fraction of each true class that was recognised: (classes,); nan for a class without images."""
    return confusion.diagonal() / confusion.sum(1)


def find_mistakes(logits, labels):
    """Return the positions of the misclassified images, the worst (the highest loss) first."""
    losses = cross_entropy(logits, labels, reduction="none")
    wrong = (logits.argmax(1) != labels).nonzero().squeeze(1)
    return wrong[losses[wrong].argsort(descending=True)]
