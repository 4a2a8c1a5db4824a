"""A complete run on sample data, against a gateway and a mail server on loopback."""
