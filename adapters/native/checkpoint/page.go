package checkpoint

import (
	"encoding/binary"
	"fmt"
)

// State lies in regions of memory that are written page by page, and only what has changed. A
// region that was emptied and taken into use again has another generation, whose pages have
// nothing to do with those before.
const (
	PageWords = 512
	PageB     = PageWords * 8
	// recordB is a page with what stands before it: region, page, generation.
	recordB = 16 + PageB
)

// Page names a page of a region.
type Page struct {
	Region, Number uint32
	Generation     uint64
}

// AppendPage encodes a page behind dst. Its memory is as it lies in this machine.
func AppendPage(dst []byte, p Page, memory []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, p.Region)
	dst = binary.LittleEndian.AppendUint32(dst, p.Number)
	dst = binary.LittleEndian.AppendUint64(dst, p.Generation)
	return append(dst, memory[:PageB]...)
}

// readPage decodes the record at the front of b, which has it.
func readPage(b []byte) (Page, []byte) {
	return Page{
		Region: binary.LittleEndian.Uint32(b), Number: binary.LittleEndian.Uint32(b[4:]),
		Generation: binary.LittleEndian.Uint64(b[8:]),
	}, b[16:recordB]
}

func checkPages(payload []byte) error {
	if len(payload)%recordB != 0 {
		return fmt.Errorf("%w: pages of %d bytes", errDamaged, len(payload))
	}
	return nil
}
