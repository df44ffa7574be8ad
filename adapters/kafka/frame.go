package kafka

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// CheckBatch looks at the record batch at the beginning of src, which is to hold the records from
// an offset on: how many bytes it takes, and the offset after it. A size of 0 is that of one that
// is cut off. An error says what about it is not as PlaceBatch left it; every byte is looked at.
func CheckBatch(src []byte, offset int64) (size int, next int64, err error) {
	be := binary.BigEndian
	if len(src) < headerSize {
		return 0, offset, nil
	}
	length := int64(be.Uint32(src[lengthAt:])) + lengthAt + 4
	switch base := int64(be.Uint64(src)); {
	case src[magicAt] != 2 || length < headerSize || be.Uint32(src[lengthAt+4:]) != math.MaxUint32:
		return 0, offset, fmt.Errorf("%w: its header is none of format v2", errCorrupt)
	case base != offset:
		return 0, offset, fmt.Errorf("%w: it begins at offset %d", errCorrupt, base)
	case length > int64(len(src)):
		return 0, offset, nil
	}
	if crc32.Checksum(src[attributesAt:length], castagnoli) != be.Uint32(src[crcAt:]) {
		return 0, offset, fmt.Errorf("%w: its checksum differs", errCorrupt)
	}
	return int(length), offset + int64(be.Uint32(src[lastDeltaAt:])) + 1, nil
}

// BatchSize is how many bytes the record batch at the beginning of src takes by its header, 0 where
// that is cut off.
func BatchSize(src []byte) int64 {
	if len(src) < headerSize {
		return 0
	}
	return int64(binary.BigEndian.Uint32(src[lengthAt:])) + lengthAt + 4
}

// PlaceBatch has a sealed batch begin at an offset, which is no part of the checksum: with Kafka it
// is the broker that puts it there.
func PlaceBatch(batch []byte, offset int64) { binary.BigEndian.PutUint64(batch, uint64(offset)) }
