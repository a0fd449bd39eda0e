"""What every service that uses DashScope needs of it: clients, the meaning of errors, the provider's storage."""
