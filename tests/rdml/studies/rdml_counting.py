"""`python rdml_counting.py COMMAND …` is `rdml COMMAND …` with the counting runs added."""

import counting

from rdml.cli import main
from rdml.kinds import KINDS

if __name__ == "__main__":
    KINDS["counting"] = counting.KIND  # type: ignore[index]
    main()
