package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
)

// sealed is a batch of some records, the last with headers.
func sealed() []byte {
	var b Batch
	b.Reset()
	b.Add(Message{TimeMs: 1_767_225_600_000, Key: []byte("key"), Value: bytes.Repeat([]byte("v"), 200)})
	b.Add(Message{TimeMs: 1_767_225_599_000})
	b.Add(Message{TimeMs: 5, Key: []byte{}, Headers: []Header{{"a", []byte("1")}, {"b", nil}}})
	return b.Seal(Identity{}, 0)
}

func TestWhatABatchWasGivenIsReadBack(t *testing.T) {
	var r Reader
	r.Reset(sealed(), 1, nil)
	if !r.Next() || r.Record().Offset != 1 || r.Record().TimeMs != 1_767_225_599_000 ||
		r.Record().Key != nil || len(r.Record().Value) != 0 || r.Record().Header("a") != nil {
		t.Errorf("%+v, %v", r.Record(), r.Err())
	}
	if !r.Next() || r.Record().Offset != 2 || r.Record().TimeMs != 5 || r.Record().Key == nil ||
		string(r.Record().Header("a")) != "1" || r.Record().Header("b") == nil ||
		r.Record().Header("c") != nil {
		t.Errorf("%+v, %v", r.Record(), r.Err())
	}
	if r.Next() || r.Err() != nil || r.NextOffset() != 3 {
		t.Errorf("next is %d: %v", r.NextOffset(), r.Err())
	}
}

// TestEveryDamageToABatchIsNoticed flips every bit that the checksum covers, and cuts the batch off
// at every byte.
func TestEveryDamageToABatchIsNoticed(t *testing.T) {
	whole := sealed()
	for bit := range 8 * len(whole) {
		if bit < 8*crcAt && bit/8 != magicAt {
			continue // offset and length: brokers write the one, the other cuts the batch off
		}
		damaged := bytes.Clone(whole)
		damaged[bit/8] ^= 1 << (bit % 8)
		var r Reader
		for r.Reset(damaged, 0, nil); r.Next(); {
			t.Fatalf("bit %d: a record of a damaged batch was read", bit)
		}
		if !errors.Is(r.Err(), errCorrupt) {
			t.Fatalf("bit %d: %v", bit, r.Err())
		}
	}
	for n := range whole {
		var r Reader
		for r.Reset(whole[:n], 0, nil); r.Next(); {
			t.Fatalf("%d bytes: a record of a batch that is cut off was read", n)
		}
		if r.Err() != nil || r.NextOffset() != 0 {
			t.Fatalf("%d bytes: next is %d, %v", n, r.NextOffset(), r.Err())
		}
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	src := sealed()
	var r Reader
	if n := testing.AllocsPerRun(100, func() {
		for r.Reset(src, 0, nil); r.Next(); {
			r.Record().Header("b")
		}
	}); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

// FuzzReader reads anything, with a checksum that is right: it must end, and stay inside.
func FuzzReader(f *testing.F) {
	f.Add(sealed())
	f.Add(sealed()[:headerSize+3])
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) >= headerSize {
			binary.BigEndian.PutUint32(src[lengthAt:], uint32(len(src)-lengthAt-4))
			src[magicAt] = 2
			binary.BigEndian.PutUint32(src[crcAt:], crc32.Checksum(src[attributesAt:], castagnoli))
		}
		var r Reader
		n := 0
		for r.Reset(src, 0, nil); r.Next(); n++ {
			r.Record().Header("a")
			if n > len(src) {
				t.Fatal("more records than bytes")
			}
		}
	})
}
