"""What a command line would do, told from its grammar and from data about the tools."""
