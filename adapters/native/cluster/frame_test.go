package cluster

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

func FuzzFramesAreReadAsTheyWereWritten(f *testing.F) {
	f.Add([]byte("body"), 3, byte(1))
	f.Add([]byte{}, 0, byte(0))
	f.Fuzz(func(t *testing.T, body []byte, at int, flip byte) {
		frame := appendFrame(nil, kindBlock, func(b []byte) []byte { return append(b, body...) })
		k, got, _, err := readFrame(bytes.NewReader(frame), nil)
		if err != nil || k != kindBlock || !bytes.Equal(got, body) {
			t.Fatalf("read %d %x, %v", k, got, err)
		}
		if flip == 0 {
			return
		}
		damaged := bytes.Clone(frame)
		damaged[((at%len(frame))+len(frame))%len(frame)] ^= flip
		if _, _, _, err := readFrame(bytes.NewReader(damaged), nil); err == nil {
			t.Errorf("a damaged frame was read: %x", damaged)
		}
	})
}

func TestAFrameThatWasCutOffIsNotRead(t *testing.T) {
	frame := message(kindCommit, commit{Attempt: 1, ID: 2})
	for n := 1; n < len(frame); n++ {
		if _, _, _, err := readFrame(bytes.NewReader(frame[:n]), nil); !errors.Is(err,
			io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v", n, len(frame), err)
		}
	}
}

func FuzzWhatWorkersSendNeverPanics(f *testing.F) {
	q := workloadstest.Bind(f, "iot-telemetry", 1000, nil).Query
	rs := workloads.NewResults(q, 4)
	rs.N = 3
	f.Add(results{attempt: 1, epoch: 2, slot: 3, rs: rs}.append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		room := func(of workloads.Stream, rows int) *workloads.Results {
			return workloads.NewResultsOf(q, of, rows)
		}
		if r, err := readResults(body, q, room); err == nil && !bytes.Equal(r.append(nil), body) {
			t.Errorf("%x reads as another message", body)
		}
		_, _, _ = readShards(body)
	})
}
