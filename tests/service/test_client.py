from __future__ import annotations

import subprocess
import sys

HEAVY = ("faiss", "fastapi", "numpy", "pandas", "pyarrow", "scipy", "sentence_transformers", "tokenizers", "torch")


def test_the_client_imports_nothing_that_computes_or_serves() -> None:
    script = f"import sys, service.client; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
