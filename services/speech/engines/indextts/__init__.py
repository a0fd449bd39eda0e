"""IndexTTS2 on an operator's server. See `client.py` for the protocol."""
