"""Figures that the build makes: `{plot}` runs its code and shows the figure that it leaves.

With `:include-source:` the code stands above it. A figure whose code has stayed is not made again.
Matplotlib's own directive of this name needs pages in reStructuredText.
"""

import hashlib
from pathlib import Path
from typing import Any, ClassVar

import matplotlib as mpl
import matplotlib.pyplot as plt
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = "_build/figures"
STYLE = {
    "backend": "agg",
    "figure.figsize": (6.4, 3.2),
    "figure.constrained_layout.use": True,
    "savefig.dpi": 150,
}


class Plot(SphinxDirective):
    """The directive."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "alt": directives.unchanged_required,
        "include-source": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the code, if it is to be shown, and the figure."""
        code = "\n".join(self.content)
        name = f"{hashlib.blake2b(code.encode(), digest_size=8).hexdigest()}.png"
        path = Path(self.env.srcdir) / FOLDER / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draw(code, path)
        image = nodes.image(uri=f"/{FOLDER}/{name}", alt=self.options["alt"])
        if "include-source" not in self.options:
            return [image]
        return [nodes.literal_block(code, code, language="python"), image]


def draw(code: str, path: Path) -> None:
    """Run code and save the figure that it leaves."""
    with mpl.rc_context(STYLE):
        plt.close("all")
        exec(compile(code, str(path), "exec"), {})
        plt.gcf().savefig(path)
        plt.close("all")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("plot", Plot)
    return {"version": "1", "parallel_read_safe": True}
