"""The process that opens files, and its client: `kgui.reader.client.Reader`."""
