package docker

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"net/netip"
	"strings"
)

// routes are the destinations in a table of routes as Linux writes it: a heading, then lines of
// which the second field is the destination and the eighth the mask, both as hexadecimal digits of
// a little-endian word.
func routes(table string) (all []netip.Prefix) {
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			continue
		}
		to, err := hex.DecodeString(fields[1])
		mask, err2 := hex.DecodeString(fields[7])
		if err != nil || err2 != nil || len(to) != 4 || len(mask) != 4 {
			continue
		}
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], binary.LittleEndian.Uint32(to))
		ones := bits.OnesCount32(binary.LittleEndian.Uint32(mask))
		all = append(all, netip.PrefixFrom(netip.AddrFrom4(a), ones))
	}
	return all
}
