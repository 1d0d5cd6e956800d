"""Slow measurements. Each file here is one; ``python -m lenet_utils.experiments NAME`` runs it."""
