"""`python -m kgui.reader`: the reader process, talking frames on standard input and output."""

from kgui.reader.server import main

if __name__ == "__main__":
    main()
