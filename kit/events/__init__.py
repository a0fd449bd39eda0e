"""Events between services: written with the state they tell about, relayed to a broker, applied once."""
