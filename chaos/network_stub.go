package chaos

// Unrelayed are the edges by which nodes reach each other past the network.
func Unrelayed(n Network, nodes map[string]Process) ([]string, error) { return nil, nil }
