package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// mendAt has the relay that listens at an address of this host mend edges: it is sent one line of
// JSON, {"mend":[{"from":…,"to":…}]}, and answers with a line "ok". A relay that is gone has nothing
// to mend.
func mendAt(ctx context.Context, address string, edges []Edge) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%s is no address of this host's own", address)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	if limit, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(limit) // without it, the lines below fail as they would
	}
	line, err := json.Marshal(map[string][]Edge{"mend": edges})
	if err != nil {
		return err
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if got := strings.TrimSpace(answer); got != "ok" {
		return fmt.Errorf("the relay answers %q", got)
	}
	return nil
}
