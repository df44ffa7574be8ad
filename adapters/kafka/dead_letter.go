package kafka

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/streambench/streambench/workloads"
)

// DeadLetter is an event that a system could not read, as a record of the dlq topic: the value and
// the key are those the event came with, and headers tell the rest.
//
//	seq        the event's own header, 8 bytes big-endian
//	partition  where in the input it lay, a decimal number, as are the others
//	offset
//	attempts   how often reading it was tried
//	reason     too-large or unreadable
//	error      what is wrong, for people
type DeadLetter struct {
	TimeMs int64 // of the record
	Key    []byte
	Body   []byte
	Error  string
	// Row are the columns of the query's dead letters: seq, partition, offset, reason, attempts.
	Row [5]int64
}

// Names of the headers of a dead letter.
const (
	seqHeader       = "seq"
	partitionHeader = "partition"
	offsetHeader    = "offset"
	attemptsHeader  = "attempts"
	reasonHeader    = "reason"
	errorHeader     = "error"
)

// reasonNames are the reasons of a dead letter by their codes.
var reasonNames = map[int64]string{
	workloads.Unreadable: "unreadable", workloads.TooLarge: "too-large",
}

// Message is the record of a dead letter.
func (l DeadLetter) Message() Message {
	number := func(name string, v int64) Header {
		return Header{Key: name, Value: strconv.AppendInt(nil, v, 10)}
	}
	return Message{TimeMs: l.TimeMs, Key: l.Key, Value: l.Body, Headers: []Header{
		{Key: seqHeader, Value: binary.BigEndian.AppendUint64(nil, uint64(l.Row[0]))},
		number(partitionHeader, l.Row[1]), number(offsetHeader, l.Row[2]),
		number(attemptsHeader, l.Row[4]),
		{Key: reasonHeader, Value: []byte(reasonNames[l.Row[3]])},
		{Key: errorHeader, Value: []byte(l.Error)},
	}}
}

// SeqOf is the number of an event by its record's header, -1 if it has none.
func SeqOf(r *Record) int64 {
	v := r.Header(seqHeader)
	if len(v) != 8 {
		return -1
	}
	return int64(binary.BigEndian.Uint64(v))
}

// readDeadLetter reads the columns of a dead letter into row rs.N, which there is room for, and
// counts it.
func readDeadLetter(r *Record, rs *workloads.Results) error {
	row := [5]int64{0: SeqOf(r)}
	if row[0] < 0 {
		return fmt.Errorf("read dead letter: no header %s of 8 bytes", seqHeader)
	}
	for i, name := range [...]string{1: partitionHeader, 2: offsetHeader, 4: attemptsHeader} {
		if name == "" {
			continue
		}
		v, err := strconv.ParseInt(string(r.Header(name)), 10, 64)
		if err != nil {
			return fmt.Errorf("read dead letter: header %s: %w", name, err)
		}
		row[i] = v
	}
	reason := string(r.Header(reasonHeader))
	for code, name := range reasonNames {
		if name == reason {
			row[3] = code
		}
	}
	switch {
	case row[3] == 0:
		return fmt.Errorf("read dead letter: header %s is %.40q, neither %s nor %s", reasonHeader,
			reason, reasonNames[workloads.Unreadable], reasonNames[workloads.TooLarge])
	case len(r.Header(errorHeader)) == 0:
		return fmt.Errorf("read dead letter: no header %s", errorHeader)
	}
	for c, v := range row {
		rs.Cols[c][rs.N] = v
	}
	rs.N++
	return nil
}
