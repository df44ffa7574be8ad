package chaos

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// ports gives every node a port of loopback that is its own until close. It holds each by a socket
// that is bound and never listens: the node, which listens with SO_REUSEADDR, may bind to it as
// well, and nobody who looks for a free port is given it, not even while the node is down.
type ports struct {
	host string // address
	mu   sync.Mutex
	byID map[string]string // HOST:PORT by node
	held []int             // sockets
}

func newPorts() *ports { return &ports{host: "127.0.0.1", byID: map[string]string{}} }

// Ports are drawn from below those that the kernel gives to outgoing connections.
const (
	lowestPort  = 10000
	highestPort = 32000
)

// of is the address of a node, the same each time.
func (p *ports) of(node string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.byID[node]; ok {
		return at, nil
	}
	var last error
	for range 200 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		fd, err := holdPort(p.host, port)
		if err != nil {
			last = err
			continue
		}
		at := net.JoinHostPort(p.host, strconv.Itoa(port))
		p.byID[node], p.held = at, append(p.held, fd)
		return at, nil
	}
	return "", fmt.Errorf("find a free port for %s: %w", node, last)
}

// holdPort binds a socket without SO_REUSEADDR, so that it fails where anybody else has the port,
// and only then lets the node share it.
func holdPort(host string, port int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	err = unix.Bind(fd, &unix.SockaddrInet4{Addr: netip.MustParseAddr(host).As4(), Port: port})
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (p *ports) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, fd := range p.held {
		unix.Close(fd)
	}
	p.held = nil
	return nil
}
