"""The process that has Keras. No other room imports keras or tensorflow."""
