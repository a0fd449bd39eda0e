"""The one door of the platform: knows both REST dialects, authenticates, parses, calls services, renders.

It holds no state of its own and no database, so any number of replicas may serve side by side.
"""
