// Package chaos declares faults: what breaks, when, and what heals it.
package chaos

// Role is what a node does in a system.
type Role string

// The roles of nodes.
const (
	Worker      Role = "worker"
	Coordinator Role = "coordinator"
	Broker      Role = "broker"
)

// Node is one process or container of a system under test or of its transport.
type Node struct {
	Name string
	Role Role
}
