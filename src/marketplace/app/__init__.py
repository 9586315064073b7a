"""Where the rooms are put together: schema, HTTP, commands, workers, the demo. The only room that knows all."""
