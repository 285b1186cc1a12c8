"""What the paper describes: cells, learning rules, network, protocol, and what can be chosen."""
