"""How the router's student is made: messages, a teacher's labels, and the fit."""
