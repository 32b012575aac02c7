"""What is the same for every account: countries, currencies, states, codes and roles."""
