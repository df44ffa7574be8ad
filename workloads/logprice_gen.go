//go:build ignore

// This program writes logprice.bin: the powers of ten behind logprice, correctly rounded.
package main

import (
	"encoding/binary"
	"log"
	"math"
	"math/big"
	"os"
)

func main() {
	var out []byte
	root := big.NewFloat(1e6).SetPrec(300)
	for i := 1; i <= 33; i++ {
		root.Sqrt(root)
		if i%11 != 0 {
			continue
		}
		power := big.NewFloat(1).SetPrec(300)
		for range 2048 {
			f, _ := power.Float64()
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(f))
			power.Mul(power, root)
		}
	}
	if err := os.WriteFile("logprice.bin", out, 0o644); err != nil {
		log.Fatal(err)
	}
}
