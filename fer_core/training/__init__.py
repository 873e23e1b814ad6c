"""Making models. Imported by the command line alone: it needs Keras, which the dashboard does not."""
