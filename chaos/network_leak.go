package chaos

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Unrelayed are sentences about nodes that reach each other past the network: a fault on the
// network does not break them, so a run of which any is true measures nothing. nodes are the
// processes of the nodes, with all that they have started.
func Unrelayed(n Network, nodes map[string]Process) ([]string, error) {
	var found []string
	var err error
	switch n := n.(type) {
	case *relayed:
		members := map[string][]Process{}
		for node, p := range nodes {
			if members[node], err = family(p); err != nil {
				return nil, fmt.Errorf("look for edges past the network: %s: %w", node, err)
			}
		}
		found, err = pastRelay(members)
	case *netns:
		found, err = outOfNamespace(n, nodes)
	}
	if err != nil {
		return nil, fmt.Errorf("look for edges past the network: %w", err)
	}
	slices.Sort(found)
	return found, nil
}

// outOfNamespace are the nodes that do not live where their packets pass the router.
func outOfNamespace(n *netns, nodes map[string]Process) (found []string, err error) {
	for node, p := range nodes {
		want, err := os.Stat(namespacePath(n.namespace(safe(node))))
		if err != nil {
			return nil, err
		}
		members, err := family(p)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			is, err := os.Stat(fmt.Sprintf("/proc/%d/ns/net", m.PID))
			if err == nil && !os.SameFile(want, is) {
				found = append(found, fmt.Sprintf("process %d of %s is not in its namespace", m.PID, node))
			}
		}
	}
	return found, nil
}

// pastRelay are the nodes with a connection that has a node at its other end, and not the relay.
func pastRelay(nodes map[string][]Process) (found []string, err error) {
	owners := map[netip.AddrPort]string{} // by what is the local end of a connection
	remotes := map[string][]netip.AddrPort{}
	for node, members := range nodes {
		for _, m := range members {
			connections, err := connectionsOf(m.PID)
			if err != nil {
				return nil, err
			}
			for _, c := range connections {
				owners[c.local] = node
				remotes[node] = append(remotes[node], c.remote)
			}
		}
	}
	for node, all := range remotes {
		for _, remote := range all {
			if other, ok := owners[remote]; ok && other != node {
				found = append(found, fmt.Sprintf("%s reaches %s at %s past the relay", node, other, remote))
			}
		}
	}
	return found, nil
}

// connection is one of TCP as the kernel lists it.
type connection struct {
	local, remote netip.AddrPort
	inode         string
}

// connectionsOf are the connections that a process has open. One that has just ended has none.
func connectionsOf(pid int) ([]connection, error) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	entries, err := os.ReadDir(dir + "fd")
	if err != nil {
		return nil, ignoreGone(err)
	}
	mine := map[string]bool{}
	for _, e := range entries {
		// A descriptor that is closed meanwhile is none.
		if to, err := os.Readlink(filepath.Join(dir, "fd", e.Name())); err == nil {
			if inode, ok := strings.CutPrefix(to, "socket:["); ok {
				mine[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	var open []connection
	// The kernel hands out a table in pieces and may leave one out when others change it meanwhile.
	for _, table := range []string{"net/tcp", "net/tcp6", "net/tcp", "net/tcp6"} {
		text, err := os.ReadFile(dir + table)
		if err != nil && ignoreGone(err) != nil {
			return nil, err
		}
		for _, c := range parseConnections(string(text)) {
			if mine[c.inode] && !slices.Contains(open, c) {
				open = append(open, c)
			}
		}
	}
	return open, nil
}

// parseConnections reads a table of the kernel; it leaves out what is not set up.
func parseConnections(table string) (all []connection) {
	const established = "01"
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[3] != established {
			continue
		}
		local, ok := parseEnd(fields[1])
		remote, also := parseEnd(fields[2])
		if ok && also {
			all = append(all, connection{local: local, remote: remote, inode: fields[9]})
		}
	}
	return all
}

// parseEnd reads ADDRESS:PORT in hexadecimal; each word of the address is in the host's order.
func parseEnd(text string) (netip.AddrPort, bool) {
	words, number, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(words)
	port, err2 := strconv.ParseUint(number, 16, 16)
	if err != nil || err2 != nil || (len(b) != 4 && len(b) != 16) {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	ip, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), true
}
