"""What the bot does: one module per topic; thin: slots in, one call to the shop, words out."""
