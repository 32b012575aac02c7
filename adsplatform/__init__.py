"""ADS Platform: loads companies' accounting data, with every line accounted for."""

__version__ = "0.1.0"
