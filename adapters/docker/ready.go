package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// oneTry bounds how long one look may take.
const oneTry = 5 * time.Second

// ReadyLog waits for a text in what the container has said since it was started last.
func ReadyLog(text string) Ready {
	return func(ctx context.Context, c *Container) error {
		log, err := c.Logs(ctx, time.Time{})
		if err != nil {
			return err
		}
		if !bytes.Contains(log, []byte(text)) {
			return fmt.Errorf("its log does not say %q", text)
		}
		return nil
	}
}

// ReadyHTTP waits until GET of a path at a published port is answered by 2xx.
func ReadyHTTP(port int, path string) Ready {
	return func(ctx context.Context, c *Container) error {
		ctx, cancel := context.WithTimeout(ctx, oneTry)
		defer cancel()
		url := "http://" + c.Endpoint(port) + path
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		req.Close = true
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode/100 != 2 {
			return fmt.Errorf("GET %s: %s", url, res.Status)
		}
		return nil
	}
}

// ReadyTCP waits until a published port takes connections and does not drop them at once, as the
// engine's proxy does where nobody listens behind it.
func ReadyTCP(port int) Ready {
	return func(ctx context.Context, c *Container) error {
		var dial net.Dialer
		ctx, cancel := context.WithTimeout(ctx, oneTry)
		defer cancel()
		conn, err := dial.DialContext(ctx, "tcp", c.Endpoint(port))
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			return err
		}
		_, err = conn.Read(make([]byte, 1))
		var timeout net.Error
		if err == nil || (errors.As(err, &timeout) && timeout.Timeout()) {
			return nil
		}
		return fmt.Errorf("port %d takes no connection: %w", port, err)
	}
}
