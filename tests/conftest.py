"""What several test files share: the data, loaded once, and one thread."""

import pytest
import torch

from lenet_utils import data


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Bit-identical results are promised for one number of threads; and a second thread waits on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mnist():
    return data.load_mnist(root=data.BUNDLE)


@pytest.fixture(scope="session")
def fashion_mnist():
    return data.load_fashion_mnist(root=data.BUNDLE)


@pytest.fixture(scope="session")
def digits(mnist):
    """A few training images, 32×32."""
    return mnist.train.subset(slice(0, 100))
