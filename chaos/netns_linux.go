package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// CanNetns says why nodes cannot have namespaces of their own here; nil if they can. It tries.
func CanNetns() error { return canNetns() }

var canNetns = sync.OnceValue(func() error {
	for _, tool := range []string{"ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("the command %s is needed: %w", tool, err)
		}
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("network namespaces need the rights of root (as in unshare -Urnm): %w",
			errors.ErrUnsupported)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	n := &netns{}
	name := fmt.Sprintf("%scheck-%d", ours, os.Getpid())
	err := n.run(ctx, "", "netns add "+name)
	if err == nil {
		err = errors.Join(
			n.run(ctx, name, "link add a0 type veth peer name b0",
				"rule add pref 1 from 198.18.0.1 to 198.18.0.2 blackhole"),
			n.run(ctx, "", "netns del "+name))
	}
	if err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	return nil
})

// inside calls a function on a thread in a namespace. Sockets that it makes stay there.
func inside(name string, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- visit(name, do) }()
	return <-done
}

// visit leaves the thread where it was: the first one of a process cannot end, and would keep the
// namespace.
func visit(name string, do func() error) (err error) {
	runtime.LockOSThread() // the thread ends with the goroutine, unless it finds its way home
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return fmt.Errorf("enter namespace: %w", err)
	}
	defer home.Close()
	there, err := os.Open(namespacePath(name))
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace: %w", err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace %s: %w", name, err)
	}
	defer func() {
		if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
			err = errors.Join(err, fmt.Errorf("leave namespace %s: %w", name, back))
			return
		}
		runtime.UnlockOSThread()
	}()
	return do()
}

// writeSysctl sets something of the namespace of this thread.
func writeSysctl(name, value string) error {
	if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0o644); err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	return nil
}

// openTun makes a tun device, which lasts as long as it is open.
func openTun(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), name), nil
}

// standApart puts a foot into every node's namespace, and one that counts into the router's.
func (y *eye) standApart(v view) (map[string]*foot, error) {
	feet, nodes := map[string]*foot{}, map[netip.Addr]string{}
	for _, at := range v.Feet {
		address, err := netip.ParseAddrPort(at.Address)
		if err != nil {
			return nil, fmt.Errorf("stand at %s: %w", at.Node, err)
		}
		f := &foot{node: at.Node, namespace: at.Namespace}
		err = inside(at.Namespace, func() error {
			if f.packets, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(address)); err != nil {
				return err
			}
			l, err := net.Listen("tcp4", at.Address)
			if err == nil {
				go hangUp(l)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("stand at %s: %w", at.Node, err)
		}
		_ = f.packets.SetReadBuffer(2 << 20) // a smaller one loses some on a busy host, no more
		feet[at.Node], nodes[address.Addr()] = f, at.Node
	}
	var count *counter
	err := inside(v.Router, func() (err error) {
		count, err = countEnds(nodes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the ends of connections: %w", err)
	}
	y.endings = count.read
	return feet, nil
}

// hangUp accepts connections, which is all that is wanted of them.
func hangUp(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
}
