"""Any server that speaks OpenAI's chat API, by its address."""
