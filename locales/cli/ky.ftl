### sign-off: none yet
english = { $why }
