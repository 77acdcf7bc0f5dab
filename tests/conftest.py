import os

import pytest
import torch
from browsing import chromium
from hypothesis import HealthCheck, settings

# On a machine that is busy with other things an example takes as long as it takes; that is no failure.
settings.register_profile("renyi-dml", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("renyi-dml")

torch.set_num_threads(
    1
)  # many small operations, and workers side by side: threads would only wait for each other

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # read when Triton is first imported

browser = pytest.fixture(scope="module")(chromium)
