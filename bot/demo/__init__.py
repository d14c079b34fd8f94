"""A small shop that really breaks: three processes, their logs, and the remedy.

`orders` is a database server with 20 connection slots, `checkout` an HTTP service with a pool of
connections to it, `reports` a batch job that can leave its transactions open until no slot is left.
"""
