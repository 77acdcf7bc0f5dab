"""Write worst-case-heatmap.png and the table worst-case-heatmap.md beside this file (half a minute)."""

from pathlib import Path

from proofs.performance.comparison import compare, markdown_table
from proofs.performance.heat_map import heat_map

here = Path(__file__).with_suffix("")
comparisons = list(compare(progress=print))
heat_map(comparisons).savefig(here.with_suffix(".png"), dpi=90)
title = "# Bounds over exact worst cases\n\nL = Δ = 1, no noise; the average of ‖∇F(x_t)‖² over t < T.\n\n"
here.with_suffix(".md").write_text(title + markdown_table(comparisons))
