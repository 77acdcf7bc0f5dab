import torch

torch.set_num_threads(
    1
)  # many small operations, and workers side by side: threads would only wait for each other
