package cluster

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// kind says what a frame holds.
type kind byte

// A frame on a connection is its length, a checksum, its kind and its body:
//
//	| body length, 4 bytes | CRC-32C of kind and body, 4 | kind, 1 | body |
const headB = 9

// maxFrameB bounds a frame: a length beyond it is damage, not data.
const maxFrameB = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged is what is wrong with bytes that are no frame.
var errDamaged = errors.New("damaged frame")

// appendFrame appends a frame whose body the caller appends in fill.
func appendFrame(dst []byte, k kind, fill func([]byte) []byte) []byte {
	from := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0, byte(k))
	dst = fill(dst)
	sealFrame(dst[from:])
	return dst
}

// sealFrame writes the head of a frame whose kind and body are there.
func sealFrame(f []byte) {
	binary.LittleEndian.PutUint32(f, uint32(len(f)-headB))
	binary.LittleEndian.PutUint32(f[4:], crc32.Checksum(f[8:], castagnoli))
}

// readFrame reads one frame; body may be buf and is valid until the next call with it.
func readFrame(r io.Reader, buf []byte) (k kind, body, next []byte, err error) {
	var head [headB]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, buf, err
	}
	n := int(binary.LittleEndian.Uint32(head[:]))
	if n > maxFrameB {
		return 0, nil, buf, fmt.Errorf("%w: %d bytes long", errDamaged, n)
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	body = buf[:n]
	if _, err := io.ReadFull(r, body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the head was there
		}
		return 0, nil, buf, err
	}
	sum := crc32.Update(crc32.Checksum(head[8:], castagnoli), castagnoli, body)
	if sum != binary.LittleEndian.Uint32(head[4:]) {
		return 0, nil, buf, fmt.Errorf("%w: its checksum does not match", errDamaged)
	}
	return kind(head[8]), body, buf, nil
}

// conn is a connection whose frames are written by a goroutine of its own, so that nobody waits for
// a peer that does not read, unless it wants to.
type conn struct {
	net.Conn
	in     *bufio.Reader
	buf    []byte
	out    chan []byte
	under  atomic.Int64 // frames that are not with the kernel yet
	closed chan struct{}
	once   sync.Once
}

// outDepth is how many frames may wait to be written.
const outDepth = 256

func newConn(c net.Conn) *conn {
	k := &conn{
		Conn: c, in: bufio.NewReaderSize(c, 256<<10), out: make(chan []byte, outDepth),
		closed: make(chan struct{}),
	}
	go k.write()
	return k
}

// dial connects to an address, again and again until a time is over or quit is closed.
func dial(address string, within time.Duration, quit <-chan struct{}) (*conn, error) {
	until := time.Now().Add(within)
	for {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return newConn(c), nil
		}
		if time.Now().After(until) {
			return nil, fmt.Errorf("reach %s within %s: %w", address, within, err)
		}
		select {
		case <-quit:
			return nil, fmt.Errorf("reach %s: %w", address, net.ErrClosed)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (c *conn) write() {
	w, written := bufio.NewWriterSize(c.Conn, 256<<10), int64(0)
	for {
		select {
		case f := <-c.out:
			if _, err := w.Write(f); err != nil {
				c.close()
				return
			}
			recycle(f)
			written++
			if len(c.out) > 0 {
				continue
			}
			if w.Flush() != nil {
				c.close()
				return
			}
			c.under.Add(-written)
			written = 0
		case <-c.closed:
			return
		}
	}
}

// batches are large frames for reuse.
var batches = sync.Pool{New: func() any { return make([]byte, 0, batchB+batchB/2) }}

// batchB is how much is handed to a connection at once, and most of what waits for it.
const batchB = 128 << 10

// newBatch is an empty batch of frames; the connection it is handed to gives it back.
func newBatch() []byte { return batches.Get().([]byte)[:0] }

func recycle(f []byte) {
	if cap(f) >= batchB {
		batches.Put(f[:0])
	}
}

// read reads the next frame; the body is valid until the next call.
func (c *conn) read() (k kind, body []byte, err error) {
	k, body, c.buf, err = readFrame(c.in, c.buf)
	return k, body, err
}

// frame writes a frame that is whole; it waits for room and gives up once the connection is closed.
func (c *conn) frame(f []byte) {
	c.under.Add(1)
	select {
	case c.out <- f:
	case <-c.closed:
	}
}

// offer writes a frame if there is room, and reports whether there was.
func (c *conn) offer(f []byte) bool {
	c.under.Add(1)
	select {
	case c.out <- f:
		return true
	default:
		c.under.Add(-1)
		return false
	}
}

// send writes a message.
func (c *conn) send(k kind, v any) { c.frame(message(k, v)) }

// message is the frame of a message.
func message(k kind, v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("BUG: message of kind %d: %v", k, err))
	}
	return appendFrame(make([]byte, 0, headB+len(body)), k,
		func(dst []byte) []byte { return append(dst, body...) })
}

// flush waits until all frames so far are with the kernel, at most for a time.
func (c *conn) flush(within time.Duration) {
	for until := time.Now().Add(within); c.under.Load() > 0 && time.Now().Before(until); {
		select {
		case <-c.closed:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func (c *conn) close() {
	c.once.Do(func() {
		close(c.closed)
		_ = c.Conn.Close()
	})
}

// decode reads the body of a message.
func decode[T any](body []byte) (T, error) {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return v, nil
}
