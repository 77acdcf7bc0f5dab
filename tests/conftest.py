import os

import torch

torch.set_num_threads(
    1
)  # many small operations, and workers side by side: threads would only wait for each other

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # read when Triton is first imported
