"""Connectors and readers of files run in a process of their own, which has no secrets and no database.

A cluster has one `server`, a small program that forks such a process for each reading. The sync's process is its
`client`: it hands over the source, and takes what is found in it as `messages`.
"""
