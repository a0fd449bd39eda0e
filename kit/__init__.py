"""The runtime every service and the edge share. It knows no service."""
