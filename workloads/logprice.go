package workloads

import (
	_ "embed"
	"encoding/binary"
	"math"
)

//go:generate go run logprice_gen.go

// logPriceBin holds three tables of 2048 little-endian float64: 10^(6k/2^11), 10^(6k/2^22) and
// 10^(6k/2^33). They are embedded because math.Pow misses the last bit of many of them.
//
//go:embed logprice.bin
var logPriceBin []byte

const powers = 2048

// logPowers are the decoded tables; every generator reads the same ones.
var logPowers = decodePowers(logPriceBin)

type powerTables [3][powers]float64

func decodePowers(src []byte) *powerTables {
	var t powerTables
	for i := range 3 * powers {
		t[i/powers][i%powers] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
	}
	return &t
}

// price maps a draw to 100 .. 100 000 000, uniform in the logarithm. The conversions around the
// products forbid a fused multiply-add, which would round differently on other processors.
func (t *powerTables) price(x uint64) int64 {
	p := float64(float64(t[0][x>>53]*t[1][x>>42&(powers-1)]) * t[2][x>>31&(powers-1)])
	return int64(float64(100*p) + 0.5)
}
