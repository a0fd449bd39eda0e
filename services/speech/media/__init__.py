"""Sound out of the files of strangers, as samples that engines understand."""
