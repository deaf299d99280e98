"""`python -m kgui COMMAND …`: the command line, without Qt."""

import sys

from kgui.cli import main

sys.exit(main(own_process=True))
