"""The shared code of the LeNet-5 course. Import from its modules, e.g. ``from lenet_utils.models import LeNet5``."""
