package chaos

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"
)

// counter counts the FIN and RST that leave the router for a node.
type counter struct {
	nodes   map[netip.Addr]string
	devices map[int]bool // by number: whether it leads to a node
	packets int          // the socket they come from

	mu   sync.Mutex
	buf  [128]byte
	ends map[Edge]*endings
}

// onlyEnds lets through IPv4 packets of TCP, no later fragments, with FIN or RST.
var onlyEnds = []unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 0},
	{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0xf0},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0x40, Jf: 8},
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 9},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.IPPROTO_TCP, Jf: 6},
	{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: 6},
	{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: 0x1fff, Jt: 4},
	{Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH, K: 0},
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_IND, K: 13},
	{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: 0x05, Jf: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 128},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
}

// countEnds counts on all devices of the namespace of this thread.
func countEnds(nodes map[netip.Addr]string) (*counter, error) {
	const everything = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	program := unix.SockFprog{Len: uint16(len(onlyEnds)), Filter: &onlyEnds[0]}
	err = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything})
	}
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	c := &counter{nodes: nodes, devices: map[int]bool{}, packets: fd, ends: map[Edge]*endings{}}
	all, err := net.Interfaces()
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	for _, d := range all {
		c.devices[d.Index] = d.Name[0] == 'n'
	}
	go func() {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for {
			_, err := unix.Poll(ready, -1)
			if err == nil {
				err = c.take()
			}
			if err != nil && !errors.Is(err, unix.EINTR) {
				return
			}
		}
	}()
	return c, nil
}

// take counts all that has passed by now.
func (c *counter) take() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		n, from, err := unix.Recvfrom(c.packets, c.buf[:], unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		}
		at, ok := from.(*unix.SockaddrLinklayer)
		if ok && at.Pkttype == unix.PACKET_OUTGOING && c.devices[at.Ifindex] {
			c.note(c.buf[:n], monotonic())
		}
	}
}

// note counts one packet, unless it is of a probe.
func (c *counter) note(b []byte, nowNs int64) {
	header := int(b[0]&0xf) * 4
	if len(b) < header+14 {
		return
	}
	source, target := binary.BigEndian.Uint16(b[header:]), binary.BigEndian.Uint16(b[header+2:])
	if source == probePort || target == probePort {
		return
	}
	e := Edge{
		From: c.nodes[netip.AddrFrom4([4]byte(b[12:16]))],
		To:   c.nodes[netip.AddrFrom4([4]byte(b[16:20]))],
	}
	if e.From == "" || e.To == "" {
		return
	}
	if c.ends[e] == nil {
		c.ends[e] = &endings{Edge: e}
	}
	c.ends[e].Count++
	c.ends[e].LastNs = nowNs
}

// read is what was counted. What has passed before it is asked is in it, however late the one who
// counts gets to run.
func (c *counter) read() ([]endings, error) {
	if err := c.take(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []endings
	for _, e := range c.ends {
		all = append(all, *e)
	}
	return all, nil
}
